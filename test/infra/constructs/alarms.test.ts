import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERROR_NAMES } from '#shared/errors.ts';
import { aConfig } from '#test/support/configs.ts';
import { FULL, loadExample, synthesise } from '../synthesis.ts';

const { template } = synthesise(loadExample(FULL));
const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);
const alarmNamed = (name: string) => alarms.find(({ AlarmName }) => AlarmName === `pam-relay-prod-${name}`);

const runbook = readFileSync('docs/runbook.md', 'utf8');

/** Third-level headings of a chapter, with their texts. */
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
  it('each have a heading in the runbook, which has no others', () => {
    const linked = alarms.map(({ AlarmDescription }) => /docs\/runbook\.md#([\w-]+)$/.exec(AlarmDescription)?.[1]);
    expect([...new Set(linked)].toSorted()).toEqual([...headingsIn('Alarms').keys()].map(anchorOf).toSorted());
  });

  it('are named after their heading and their subject', () => {
    for (const { AlarmName, AlarmDescription } of alarms) {
      const [, kind] = /docs\/runbook\.md#([\w-]+)$/.exec(AlarmDescription) ?? [];
      expect(AlarmName).toMatch(new RegExp(`^pam-relay-prod-${kind}(-[\\w-]+)?$`));
    }
  });

  it('notify the topic', () => {
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

  it('include no run-stale for a sync that is rarer than any alarm can wait', () => {
    const config = aConfig({ schedule: { expression: 'rate(7 days)' } });
    const names = Object.values(synthesise(config).template.findResources('AWS::CloudWatch::Alarm')).map(
      ({ Properties }) => Properties.AlarmName,
    );
    expect(names).toContain('pam-relay-run-partial-databases');
    expect(names).not.toContain('pam-relay-run-stale-databases');
  });

  it('detect a request that stays open for longer than relay.yaml allows', () => {
    expect(alarmNamed('lease-open-vault')).toMatchObject({
      Namespace: 'PamRelay',
      MetricName: 'OldestOpenLeaseAge',
      Statistic: 'Maximum',
      Period: 900,
      Threshold: 3600,
      TreatMissingData: 'notBreaching',
    });
  });

  it('detect a credential that is older than relay.yaml allows, and looks at ages that fail', () => {
    expect(alarmNamed('credential-old-weekly')).toMatchObject({
      MetricName: 'OldestCredentialDays',
      Statistic: 'Maximum',
      Period: 6 * 3600,
      EvaluationPeriods: 2,
      Threshold: 30,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'breaching',
    });
  });

  it('detect runs that could not report', () => {
    const metrics = alarmNamed('run-failed')?.Metrics.flatMap(
      ({ MetricStat }: { MetricStat?: { Metric: { MetricName: string } } }) => MetricStat?.Metric.MetricName ?? [],
    );
    expect(metrics.toSorted()).toEqual(['ExecutionsAborted', 'ExecutionsFailed', 'ExecutionsTimedOut']);
  });

  it('detect that reap does not run', () => {
    expect(alarmNamed('reap-failing')).toMatchObject({ EvaluationPeriods: 3, TreatMissingData: 'breaching' });
  });
});

describe('the runbook', () => {
  it('has a heading for each error of the relay, and no others', () => {
    expect([...headingsIn('Errors').keys()].toSorted()).toEqual(ERROR_NAMES.toSorted());
  });

  it('states the meaning, the investigation and the resolution of each', () => {
    for (const [heading, text] of [...headingsIn('Alarms'), ...headingsIn('Errors')]) {
      const isWhole = ['**Means**', '**Investigate**', '**Resolve**'].every((part) => text.includes(part));
      expect(isWhole || text.includes('See the alarm'), heading).toBe(true);
    }
  });

  it('has no broken links', () => {
    const anchors = [...runbook.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
    for (const [, target] of runbook.matchAll(/\]\(#([\w-]+)\)/g)) expect(anchors).toContain(target);
  });
});
