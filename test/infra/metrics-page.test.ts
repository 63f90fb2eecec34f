import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { METRICS } from '#infra/constructs/metrics.ts';
import { placeMetricTables } from '#infra/metrics-page.ts';
import { tableBelow } from '#test/support/markdown-tables.ts';
import { FULL, loadExample, synthesise } from './synthesis.ts';

const PAGE = 'docs/metrics.md';
const page = readFileSync(PAGE, 'utf8');

/** The same configuration as in `infra/bin/diagram.ts`. */
const config = loadExample(FULL);
const template = synthesise(config).template.toJSON();

describe('the page of metrics', () => {
  it('lists the metrics of the code and the alarms of the template; npm run diagram updates it', () => {
    expect(page).toBe(placeMetricTables(page, template, config.relay));
  });

  it('has an alarm of every kind', () => {
    const alarms = Object.values(synthesise(loadExample(FULL)).template.findResources('AWS::CloudWatch::Alarm'));
    const headings = alarms.map(({ Properties }) => /runbook\.md#[\w-]+$/.exec(Properties.AlarmDescription)?.[0] ?? '');
    for (const heading of new Set(headings)) expect(page).toContain(`](${heading})`);
  });

  it('shows the condition of each alarm', () => {
    const { columns, rows } = tableBelow(PAGE, 'Alarms');
    expect(columns).toEqual(['metric', 'raised when', 'without data', 'meaning']);
    expect(rows.get('[`RELAY-run-stale-SYNC`](runbook.md#run-stale)')?.slice(0, 3)).toEqual([
      '`RunSucceeded` of `PamRelay`',
      'less than 1 in 24 periods of 1 h',
      'raised',
    ]);
    expect(rows.get('[`RELAY-message-late`](runbook.md#message-late)')?.slice(0, 3)).toEqual([
      '`ApproximateAgeOfOldestMessage` of `RELAY-intake`',
      'at least 900 within 5 min',
      'not raised',
    ]);
  });

  it('has every metric that a function emits, and no other', () => {
    const emitters = globSync(['functions/**/handler.ts', 'shared/runtime/relay.ts']).map((path) =>
      readFileSync(path, 'utf8'),
    );
    const names = Object.values(METRICS).flatMap((metrics) => Object.keys(metrics));
    const emitted = emitters
      .filter((text) => text.includes('emitMetrics'))
      .flatMap((text) => text.match(/(?<=[{,]\s+)[A-Z][a-z]\w+(?=: )|(?<=')Run[A-Z]\w+(?=')/g) ?? []);
    expect([...new Set(emitted)].toSorted()).toEqual(names.toSorted());
  });

  it('rejects an alarm without a heading in the runbook', () => {
    const broken = JSON.stringify(template).replace('docs/runbook.md#run-failed', 'a person');
    expect(() => placeMetricTables(page, JSON.parse(broken), config.relay)).toThrow('has no runbook');
  });
});
