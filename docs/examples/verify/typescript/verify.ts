import { createInterface } from "node:readline";
import { createRemoteJWKSet, jwtVerify } from "jose";

const [jwksUrl, issuer, audience] = process.argv.slice(2);

// Asks again for a kid it does not know, but not within 5 s of the last time.
const keys = createRemoteJWKSet(new URL(jwksUrl), { cacheMaxAge: 300_000, cooldownDuration: 5_000 });

/** The claims of a good access token; throws for any other. */
async function verify(token: string) {
  const { payload, protectedHeader } = await jwtVerify(token, keys, {
    algorithms: ["ES256"],
    typ: "at+jwt",
    issuer,
    audience,
    requiredClaims: ["exp"],
  });
  // jose also takes other spellings of the media type, and no kid if there is but one key.
  if (protectedHeader.typ !== "at+jwt" || protectedHeader.kid === undefined) throw new Error("not an access token");
  if (typeof payload.sub !== "string") throw new Error("no subject");
  return payload;
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    console.log(`ok ${(await verify(line)).sub}`);
  } catch (error) {
    console.log("refused");
    console.error(error instanceof Error ? error.message : error);
  }
}
