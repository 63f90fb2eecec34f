import * as z from 'zod';
import { METRICS } from '#infra/constructs/metrics.ts';
import { codeCell, escapeCell, placeSection, writeTable } from '#infra/markdown.ts';
import { METRICS_NAMESPACE, unitOf } from '#shared/runtime/metrics.ts';

/** The tables of `docs/metrics.md`: the metrics of the functions, and the alarms of a synthesised template. */

const alarmSchema = z.object({
  Type: z.literal('AWS::CloudWatch::Alarm'),
  Properties: z.object({
    AlarmName: z.string(),
    AlarmDescription: z.string(),
    ComparisonOperator: z.enum(['GreaterThanOrEqualToThreshold', 'LessThanThreshold']),
    EvaluationPeriods: z.int(),
    Threshold: z.number(),
    TreatMissingData: z.enum(['breaching', 'notBreaching']),
    MetricName: z.string().optional(),
    Namespace: z.string().optional(),
    Period: z.int().optional(),
    Dimensions: z.array(z.object({ Name: z.string(), Value: z.unknown() })).default([]),
    Metrics: z
      .array(
        z.object({
          MetricStat: z
            .object({
              Metric: z.object({
                MetricName: z.string(),
                Namespace: z.string(),
                Dimensions: z.array(z.object({ Name: z.string(), Value: z.unknown() })),
              }),
              Period: z.int(),
            })
            .optional(),
        }),
      )
      .default([]),
  }),
});
type AlarmProperties = z.output<typeof alarmSchema>['Properties'];

const otherSchema = z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) });
const templateSchema = z.object({ Resources: z.record(z.string(), z.union([alarmSchema, otherSchema])) });
type Resources = z.output<typeof templateSchema>['Resources'];

/** Returns the page with both tables replaced. The template must contain an alarm of every kind. */
export const placeMetricTables = (page: string, template: unknown, relay: string): string =>
  [
    { name: 'metrics', text: writeMetrics() },
    { name: 'alarms', text: writeAlarms(template, relay) },
  ].reduce((written, section) => placeSection(written, { ...section, command: 'npm run diagram' }), page);

const writeMetrics = (): string =>
  writeTable([
    ['metric', 'dimensions', 'unit', 'meaning'],
    ...Object.entries(METRICS).flatMap(([dimension, metrics]) =>
      Object.entries(metrics).map(([name, meaning]) => [
        codeCell(name),
        `\`service\`, ${codeCell(dimension)}`,
        unitOf(name),
        escapeCell(meaning),
      ]),
    ),
  ]);

const writeAlarms = (template: unknown, relay: string): string => {
  const { Resources: resources } = templateSchema.parse(template);
  const alarms = Object.values(resources)
    .filter((resource): resource is z.output<typeof alarmSchema> => resource.Type === 'AWS::CloudWatch::Alarm')
    .map(({ Properties }) => Properties);
  const kinds = Map.groupBy(alarms, (alarm) => describedBy(alarm).kind);
  return writeTable([
    ['alarm', 'metric', 'raised when', 'without data', 'meaning'],
    ...[...kinds.values()].flatMap((same) => same.slice(0, 1)).map((alarm) => alarmRow(alarm, resources, relay)),
  ]);
};

const alarmRow = (alarm: AlarmProperties, resources: Resources, relay: string): readonly string[] => {
  const { kind, says } = describedBy(alarm);
  const { names, source } = measuredBy(alarm, resources, relay);
  return [
    `[${codeCell(['RELAY', kind, aboutOf(alarm)].filter((part) => part !== undefined).join('-'))}](runbook.md#${kind})`,
    `${names.map(codeCell).join(' + ')} of ${source}`,
    raisedWhen(alarm),
    alarm.TreatMissingData === 'breaching' ? 'raised' : 'not raised',
    escapeCell(says),
  ];
};

/** The description of an alarm ends with its heading in the runbook. */
const describedBy = ({ AlarmDescription }: AlarmProperties): { kind: string; says: string } => {
  const [, says, kind] = /^(.*) What to do: docs\/runbook\.md#([\w-]+)$/.exec(AlarmDescription) ?? [];
  if (says === undefined || kind === undefined) throw new Error(`An alarm has no runbook: ${AlarmDescription}`);
  return { kind, says };
};

const PLACEHOLDERS: Readonly<Record<string, string>> = {
  sync: 'SYNC',
  checkout: 'RULE',
  rotation: 'RULE',
  oldCheckouts: 'RULE',
  export: 'RULE',
  directory: 'RULE',
  connection: 'CONNECTION',
};

/** The placeholder for the rule or connection of an alarm that exists once for each. */
const aboutOf = ({ Dimensions }: AlarmProperties): string | undefined =>
  Dimensions.map(({ Name }) => PLACEHOLDERS[Name]).find((placeholder) => placeholder !== undefined);

const measuredBy = (
  { MetricName, Namespace, Dimensions, Metrics }: AlarmProperties,
  resources: Resources,
  relay: string,
): { names: readonly string[]; source: string } => {
  if (Namespace === METRICS_NAMESPACE) return { names: [MetricName ?? ''], source: codeCell(METRICS_NAMESPACE) };
  const parts = Metrics.flatMap(({ MetricStat }) => MetricStat?.Metric ?? []);
  const metrics = parts.length > 0 ? parts : [{ MetricName: MetricName ?? '', Dimensions }];
  const things = metrics.flatMap((metric) => metric.Dimensions.map(({ Value }) => nameOf(Value, resources, relay)));
  return {
    names: [...new Set(metrics.map((metric) => metric.MetricName))],
    source: [...new Set(things)].map(codeCell).join(' and '),
  };
};

const referenceSchema = z.union([
  z.object({ Ref: z.string() }).transform(({ Ref }) => Ref),
  z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) }).transform(({ 'Fn::GetAtt': [id] }) => id),
]);

const NAME_KEYS = ['StateMachineName', 'QueueName', 'FunctionName'];

/** The name that an operator sees. CloudFormation adds a suffix to names that the template does not specify. */
const nameOf = (reference: unknown, resources: Resources, relay: string): string => {
  const id = referenceSchema.parse(reference);
  const properties: Readonly<Record<string, unknown>> = resources[id]?.Properties ?? {};
  const given = NAME_KEYS.map((key) => properties[key]).find((name) => typeof name === 'string');
  return given === undefined ? `RELAY-${id.replace(/[0-9A-F]{8}$/, '')}…` : given.replace(relay, 'RELAY');
};

const COMPARISONS = { GreaterThanOrEqualToThreshold: 'at least', LessThanThreshold: 'less than' } as const;

const raisedWhen = ({ ComparisonOperator, Threshold, EvaluationPeriods, Period, Metrics }: AlarmProperties): string => {
  const seconds = Period ?? Metrics.flatMap(({ MetricStat }) => MetricStat?.Period ?? [])[0] ?? 0;
  const compared = `${COMPARISONS[ComparisonOperator]} ${Threshold.toLocaleString('en-US')}`;
  const within =
    EvaluationPeriods === 1 ? `within ${inWords(seconds)}` : `in ${EvaluationPeriods} periods of ${inWords(seconds)}`;
  return `${compared} ${within}`;
};

const inWords = (seconds: number): string => (seconds % 3600 === 0 ? `${seconds / 3600} h` : `${seconds / 60} min`);
