import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { definitionIn } from '#infra/definition.ts';
import { drawMermaid, placeDiagram } from '#infra/diagram.ts';

/** Draws the state machine of the last synthesis into the architecture page. */
const PAGE = 'docs/architecture.md';

const [template] = globSync('build/cdk.out/*.template.json');
if (template === undefined) throw new Error('Nothing is synthesised yet: use npm run diagram.');
const definition = definitionIn(JSON.parse(readFileSync(template, 'utf8')));
writeFileSync(PAGE, placeDiagram(readFileSync(PAGE, 'utf8'), drawMermaid(definition)));
console.log(`${PAGE} shows the workflow of ${template}.`);
