import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { definitionIn, WORKFLOWS } from '#infra/definition.ts';
import { drawMermaid, placeDiagram } from '#infra/diagram.ts';

/** Draws the state machines of the last synthesis into the architecture page. */
const PAGE = 'docs/architecture.md';

const [file] = globSync('build/cdk.out/*.template.json');
if (file === undefined) throw new Error('Nothing is synthesised yet: use npm run diagram.');
const template: unknown = JSON.parse(readFileSync(file, 'utf8'));
const page = WORKFLOWS.reduce(
  (drawn, workflow) => placeDiagram(drawn, workflow, drawMermaid(definitionIn(template, workflow))),
  readFileSync(PAGE, 'utf8'),
);
writeFileSync(PAGE, page);
console.log(`${PAGE} shows the workflows of ${file}.`);
