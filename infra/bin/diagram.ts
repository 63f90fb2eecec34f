import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import { definitionIn } from '#infra/definition.ts';
import { drawMermaid, placeDiagram } from '#infra/diagram.ts';
import { placeMetricTables } from '#infra/metrics-page.ts';
import { drawOverview } from '#infra/overview-picture.ts';
import { writePermissionsPage } from '#infra/permissions-page.ts';
import { RelayStack } from '#infra/stack.ts';
import { loadConfig } from '#shared/config/load.ts';
import { MACHINES } from '#shared/workflows/grants.ts';
import cdkJson from '../../cdk.json' with { type: 'json' };

/**
 * Writes the state machines of the last synthesis into the architecture page, and generates the tables of permissions,
 * metrics and alarms.
 */
const PAGE = 'docs/architecture.md';
const PERMISSIONS = 'docs/permissions.md';
const OVERVIEW = 'docs/images/overview.svg';
const CONFIG = 'examples/full.yaml';
const METRICS = 'docs/metrics.md';

const [file] = globSync('build/cdk.out/*.template.json');
if (file === undefined) throw new Error('build/cdk.out contains no template. Run npm run diagram.');
const template: unknown = JSON.parse(readFileSync(file, 'utf8'));
const page = MACHINES.reduce(
  (drawn, machine) => placeDiagram(drawn, machine, drawMermaid(definitionIn(template, machine))),
  readFileSync(PAGE, 'utf8'),
);
writeFileSync(PAGE, page);
console.log(`${PAGE} shows the workflows of ${file}.`);
writeFileSync(OVERVIEW, drawOverview());
writeFileSync(PERMISSIONS, writePermissionsPage(loadConfig(CONFIG)));
console.log(`${PERMISSIONS} shows the functions of ${CONFIG}.`);

const config = loadConfig(CONFIG);
const app = new App({ context: cdkJson.context, analyticsReporting: false, builtinCloudFormationValidation: false });
const { artifactId } = new RelayStack(app, config.relay, { config, bundles: 'build/functions' });
const { template: withEveryAlarm } = app.synth().getStackArtifact(artifactId);
writeFileSync(METRICS, placeMetricTables(readFileSync(METRICS, 'utf8'), withEveryAlarm, config.relay));
console.log(`${METRICS} shows the alarms of ${CONFIG}.`);
