// A certified OpenID provider on loopback, over TLS: oidc-provider, whose tokens take its own way.
//
//   node openid.mjs KEY.pem CERTIFICATE.pem ISSUER CLIENT…
//
// ISSUER is the name it goes by (iss), its own address when empty. Each CLIENT is the id of one,
// with the secret "secret". It prints {"url", "issuer"} when it listens, and ends with its standard
// input. A client signs a person in by CIBA (poll) with a login_hint that is the person's claims as
// JSON, and the person agrees at once. Any resource that a client asks for is an audience.
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import Provider from "oidc-provider";

const [key, certificate, name, ...clients] = process.argv.slice(2);
const CIBA = "urn:openid:params:grant-type:ciba";
const persons = new Map();
const CLAIMS = ["sub", "user_id", "email", "email_verified", "firebase", "tenant_id", "role"];

function publishedKey() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: "of-today", use: "sig", alg: "RS256" };
}

function personOf(hint) {
  const claims = JSON.parse(hint);
  persons.set(claims.sub, claims);
  return claims.sub;
}

async function agree(ctx, request, account, client) {
  const { Grant } = ctx.oidc.provider;
  const grant = new Grant({ accountId: account.accountId, clientId: client.clientId });
  grant.addOIDCScope("openid");
  await grant.save();
  const authTime = Math.floor(Date.now() / 1000) - 60;
  await ctx.oidc.provider.backchannelResult(request, grant, { authTime });
}

const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) });
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const url = `https://127.0.0.1:${server.address().port}`;

const provider = new Provider(name || url, {
  jwks: { keys: [publishedKey()] },
  claims: { openid: [...CLAIMS, "auth_time"] },
  conformIdTokenClaims: false,
  findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => persons.get(sub) }),
  clients: clients.map((id) => ({
    client_id: id,
    client_secret: "secret",
    token_endpoint_auth_method: "client_secret_post",
    grant_types: [CIBA, "client_credentials"],
    response_types: [],
    redirect_uris: [],
    backchannel_token_delivery_mode: "poll",
  })),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    ciba: {
      enabled: true,
      deliveryModes: ["poll"],
      processLoginHint: (_ctx, hint) => personOf(hint),
      validateRequestContext: () => {},
      validateBindingMessage: () => {},
      verifyUserCode: () => {},
      triggerAuthenticationDevice: agree,
    },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_ctx, resource) => ({
        audience: resource,
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: "RS256" } },
        scope: "",
      }),
    },
  },
});
server.on("request", provider.callback());

console.log(JSON.stringify({ url, issuer: provider.issuer }));
process.stdin.resume().on("end", () => process.exit(0));
