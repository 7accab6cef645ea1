// Checks manifests of kinds that have models, as JSON on standard input, two ways, and prints what is
// wrong as JSON: `values` by the schemas (types, patterns, what must be there), which let unknown fields
// pass; `fields` by the TypeScript compiler, which knows every field there is.
'use strict';
const path = require('node:path');
const ts = require('typescript');

const GKE = '@kubernetes-models/gke';
const OPERATOR = '@kubernetes-models/prometheus-operator';
const GATEWAY = '@kubernetes-models/gateway-api';
const PACKAGES = {
  'cloud.google.com/v1/BackendConfig': GKE,
  'networking.gke.io/v1beta1/FrontendConfig': GKE,
  'networking.gke.io/v1/ManagedCertificate': GKE,
  'networking.gke.io/v1/GCPBackendPolicy': GKE,
  'networking.gke.io/v1/GCPGatewayPolicy': GKE,
  'networking.gke.io/v1/HealthCheckPolicy': GKE,
  'gateway.networking.k8s.io/v1/Gateway': GATEWAY,
  'gateway.networking.k8s.io/v1/HTTPRoute': GATEWAY,
  'monitoring.coreos.com/v1/PodMonitor': OPERATOR,
  'monitoring.coreos.com/v1/ServiceMonitor': OPERATOR,
  'monitoring.coreos.com/v1/PrometheusRule': OPERATOR,
};

const kindOf = (manifest) => `${manifest.apiVersion}/${manifest.kind}`;
const nameOf = (manifest) => `${manifest.kind}/${manifest.metadata.name}`;
const moduleOf = (manifest) => `${PACKAGES[kindOf(manifest)]}/${kindOf(manifest)}`;

// By file: one of the packages exports its types by kind, and its classes not.
const fileOf = (manifest) => path.join(__dirname, 'node_modules', `${moduleOf(manifest)}.js`);

function wrongValues(manifest) {
  const Model = require(fileOf(manifest))[manifest.kind];
  try {
    new Model(manifest).validate();
    return [];
  } catch (error) {
    return [{ object: nameOf(manifest), check: 'values', message: error.message }];
  }
}

// One line of source for each manifest, so that the line of a complaint tells whose it is.
const typed = (manifest, index) =>
  `import { I${manifest.kind} as T${index} } from ${JSON.stringify(moduleOf(manifest))};` +
  ` export const v${index}: T${index} = ${JSON.stringify(manifest)};`;

function wrongFields(manifests) {
  const file = path.join(__dirname, 'manifests.ts');
  const source = manifests.map(typed).join('\n');
  const options = {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.CommonJS,
    moduleResolution: ts.ModuleResolutionKind.Node10,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, source, ...rest) : getSourceFile(name, ...rest);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map((one) => {
    const line = one.file?.fileName === file ? one.file.getLineAndCharacterOfPosition(one.start).line : -1;
    return {
      object: line < 0 ? 'the models' : nameOf(manifests[line]),
      check: 'fields',
      message: ts.flattenDiagnosticMessageText(one.messageText, ' '),
    };
  });
}

const manifests = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const strangers = manifests
  .filter((manifest) => !(kindOf(manifest) in PACKAGES))
  .map((manifest) => ({ object: nameOf(manifest), check: 'kind', message: `no model of ${kindOf(manifest)}` }));
const known = manifests.filter((manifest) => kindOf(manifest) in PACKAGES);
process.stdout.write(JSON.stringify([...strangers, ...known.flatMap(wrongValues), ...wrongFields(known)]));
