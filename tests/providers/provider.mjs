// A real OpenID provider on loopback, over TLS: oauth2-mock-server signs what the tests ask for.
//
//   node provider.mjs KEY.pem CERTIFICATE.pem [ISSUER]
//
// ISSUER is the name it goes by (iss), its own address by default. It prints {"url", "issuer"} when
// it listens. After that each line of standard input is a command, answered by one line:
//   {"sign": {claims}, "kid": …}   a token with these claims beside its own; null takes one away
//   {"rotate": true}               a new key beside the old ones; its id
import { createInterface } from "node:readline";
import { OAuth2Server } from "oauth2-mock-server";

const [key, certificate, name] = process.argv.slice(2);
const server = new OAuth2Server(key, certificate);
await server.issuer.keys.generate("RS256");
await server.start(0, "127.0.0.1");
const url = `https://127.0.0.1:${server.address().port}`;
server.issuer.url = name ?? url;

function changed(claims) {
  return (_header, payload) => {
    for (const [claim, value] of Object.entries(claims)) {
      if (value === null) delete payload[claim];
      else payload[claim] = value;
    }
  };
}

async function answer(command) {
  if (command.rotate) return (await server.issuer.keys.generate("RS256")).kid;
  return server.issuer.buildToken({
    kid: command.kid,
    scopesOrTransform: changed(command.sign),
    expiresIn: 3600,
  });
}

console.log(JSON.stringify({ url, issuer: server.issuer.url }));
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(JSON.parse(line))));
}
await server.stop();
