import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { definitionIn } from '#infra/definition.ts';
import { drawMermaid, placeDiagram } from '#infra/diagram.ts';
import { MACHINES } from '#shared/workflows/grants.ts';
import { FULL, loadExample, synthesise } from './synthesis.ts';

describe('the diagram of a workflow', () => {
  it.each(MACHINES)(
    'of %s in docs/architecture.md matches the deployed machine; npm run diagram updates it',
    (name) => {
      const page = readFileSync('docs/architecture.md', 'utf8');
      const { template } = synthesise(loadExample(FULL));
      expect(page).toBe(placeDiagram(page, name, drawMermaid(definitionIn(template.toJSON(), name))));
    },
  );

  it('shows choices, failures and the states of a map', () => {
    const drawn = drawMermaid({
      StartAt: 'Each',
      States: {
        Each: {
          Type: 'Map',
          Next: 'Good',
          ItemProcessor: {
            StartAt: 'Try',
            States: { Try: { Type: 'Task', End: true, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Given' }] } },
          },
        },
        Good: { Type: 'Choice', Choices: [{ Variable: '$.a', IsPresent: true, Next: 'End' }], Default: 'Bad' },
      },
    });
    expect(drawn.split('\n').map((line) => line.trim())).toEqual([
      'flowchart TD',
      'subgraph Each["Each: each on its own"]',
      'Try[Try]',
      'Try -.-> Given',
      'end',
      'Each --> Good',
      'Good{Good}',
      'Good --> End',
      'Good --> Bad',
    ]);
  });

  it('cannot be placed in a page without markers', () => {
    expect(() => placeDiagram('# A page', 'sync', 'flowchart TD')).toThrow('has no <!-- begin');
  });
});
