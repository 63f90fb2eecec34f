import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERROR_NAMES } from '#shared/errors.ts';
import { FULL, loadExample, synthesise } from '../synthesis.ts';

const { template } = synthesise(loadExample(FULL));
const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);
const alarmNamed = (name: string) => alarms.find(({ AlarmName }) => AlarmName === `pam-relay-prod-${name}`);

const runbook = readFileSync('docs/runbook.md', 'utf8');

/** The headings of the third level in a chapter, with the text under each. */
const headingsIn = (chapter: string): Map<string, string> => {
  const text = runbook.split(/^## /m).find((part) => part.startsWith(`${chapter}\n`)) ?? '';
  return new Map(
    text
      .split(/^### /m)
      .slice(1)
      .map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n'))]),
  );
};
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-');

describe('alarms', () => {
  it('each lead to a heading of the runbook, which has no others', () => {
    const led = alarms.map(({ AlarmDescription }) => /docs\/runbook\.md#([\w-]+)$/.exec(AlarmDescription)?.[1]);
    expect([...new Set(led)].toSorted()).toEqual([...headingsIn('Alarms').keys()].map(anchorOf).toSorted());
  });

  it('are called after their heading and what they are about', () => {
    for (const { AlarmName, AlarmDescription } of alarms) {
      const [, kind] = /docs\/runbook\.md#([\w-]+)$/.exec(AlarmDescription) ?? [];
      expect(AlarmName).toMatch(new RegExp(`^pam-relay-prod-${kind}(-[\\w-]+)?$`));
    }
  });

  it('lead to the topic', () => {
    for (const { AlarmActions } of alarms) expect(AlarmActions).toHaveLength(1);
  });

  it('count an hour without any run as an hour without a successful one', () => {
    expect(alarmNamed('run-stale-databases')).toMatchObject({
      MetricName: 'RunSucceeded',
      Period: 3600,
      EvaluationPeriods: 24,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
      Dimensions: [
        { Name: 'service', Value: 'pam-relay-prod' },
        { Name: 'sync', Value: 'databases' },
      ],
    });
  });

  it('notice a request that stays open for longer than relay.yaml allows', () => {
    expect(alarmNamed('lease-open-vault')).toMatchObject({
      Namespace: 'PamRelay',
      MetricName: 'OldestOpenLeaseAge',
      Statistic: 'Maximum',
      Period: 900,
      Threshold: 3600,
      TreatMissingData: 'notBreaching',
    });
  });

  it('notice runs that could not even report', () => {
    const metrics = alarmNamed('run-failed')?.Metrics.flatMap(
      ({ MetricStat }: { MetricStat?: { Metric: { MetricName: string } } }) => MetricStat?.Metric.MetricName ?? [],
    );
    expect(metrics.toSorted()).toEqual(['ExecutionsAborted', 'ExecutionsFailed', 'ExecutionsTimedOut']);
  });

  it('notice that nobody looks for left-over requests', () => {
    expect(alarmNamed('reap-failing')).toMatchObject({ EvaluationPeriods: 3, TreatMissingData: 'breaching' });
  });
});

describe('the runbook', () => {
  it('has a heading for each error that the relay raises, and for no other', () => {
    expect([...headingsIn('Errors').keys()].toSorted()).toEqual(ERROR_NAMES.toSorted());
  });

  it('says under each what it means, where to look and what to do', () => {
    for (const [heading, text] of [...headingsIn('Alarms'), ...headingsIn('Errors')]) {
      const isWhole = ['**Means**', '**Investigate**', '**Resolve**'].every((part) => text.includes(part));
      expect(isWhole || text.includes('See the alarm'), heading).toBe(true);
    }
  });

  it('leads nowhere that is not there', () => {
    const anchors = [...runbook.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
    for (const [, target] of runbook.matchAll(/\]\(#([\w-]+)\)/g)) expect(anchors).toContain(target);
  });
});
