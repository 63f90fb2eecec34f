import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { definitionIn } from '#infra/definition.ts';
import { drawMermaid, placeDiagram } from '#infra/diagram.ts';
import { writePermissionsPage } from '#infra/permissions-page.ts';
import { loadConfig } from '#shared/config/load.ts';
import { MACHINES } from '#shared/workflows/grants.ts';

/** Draws the state machines of the last synthesis into the architecture page, and writes the page of permissions. */
const PAGE = 'docs/architecture.md';
const PERMISSIONS = 'docs/permissions.md';
const CONFIG = 'examples/tickets.yaml';

const [file] = globSync('build/cdk.out/*.template.json');
if (file === undefined) throw new Error('Nothing is synthesised yet: use npm run diagram.');
const template: unknown = JSON.parse(readFileSync(file, 'utf8'));
const page = MACHINES.reduce(
  (drawn, machine) => placeDiagram(drawn, machine, drawMermaid(definitionIn(template, machine))),
  readFileSync(PAGE, 'utf8'),
);
writeFileSync(PAGE, page);
console.log(`${PAGE} shows the workflows of ${file}.`);
writeFileSync(PERMISSIONS, writePermissionsPage(loadConfig(CONFIG)));
console.log(`${PERMISSIONS} shows the functions of ${CONFIG}.`);
