"use strict";

const sans = "system-ui, sans-serif";

Redoc.init(
  "/openapi.json",
  { theme: { typography: { fontFamily: sans, headings: { fontFamily: sans } } } },
  document.getElementById("redoc"),
);
