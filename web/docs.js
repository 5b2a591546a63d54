"use strict";

window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  displayRequestDuration: true,
  // The validator's badge would ask another site.
  validatorUrl: null,
  // A token stays in this page's memory only.
  persistAuthorization: false,
});
