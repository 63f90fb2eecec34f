import { parseArgs, styleText } from 'node:util';
import { type Figure, isBroken, isReached, type Measured, round, targetOf } from './figure.ts';
import { measureCheckout } from './figures/checkout.ts';
import { measureCheckoutDuringSync } from './figures/checkout-during-sync.ts';
import { measureColdDelivery } from './figures/cold-delivery.ts';
import { measureColdImport } from './figures/cold-import.ts';
import { measureDirectory } from './figures/directory.ts';
import { measureFewChanges } from './figures/few-changes.ts';
import { measureFullSync } from './figures/full-sync.ts';
import { measureLoadConfig } from './figures/load-config.ts';
import { measureManySyncs } from './figures/many-syncs.ts';
import { measureMillionPlan, measurePlanMemory } from './figures/plan-memory.ts';
import { measureProvisioning, measureThousandSubjects } from './figures/provisioning.ts';
import { measureRotation } from './figures/rotation.ts';
import { measureSlowestStore } from './figures/slowest-store.ts';
import { measureSra } from './figures/sra.ts';
import { measureStartTime } from './figures/start-time.ts';
import { measureThreeStores } from './figures/three-stores.ts';
import { measureThroughput } from './figures/throughput.ts';
import { measureUnderQuotas } from './figures/under-quotas.ts';
import { measureWebhook } from './figures/webhook.ts';

/**
 * `npm run bench`: every figure of docs/performance.md. Fails if a figure could not be measured, or if a count misses
 * its target. Times and sizes also depend on the machine and are only reported.
 */

type Measure = () => Promise<Measured>;

const MEASUREMENTS: Readonly<Record<string, Measure>> = {
  'full-sync': measureFullSync,
  'few-changes': measureFewChanges,
  'three-stores': measureThreeStores,
  throughput: measureThroughput,
  'under-quotas': measureUnderQuotas,
  'slowest-store': measureSlowestStore,
  'many-syncs': measureManySyncs,
  provisioning: measureProvisioning,
  rotation: measureRotation,
  sra: measureSra,
  directory: measureDirectory,
  checkout: measureCheckout,
  'checkout-during-sync': measureCheckoutDuringSync,
  webhook: measureWebhook,
  'cold-import': measureColdImport,
  'cold-delivery': measureColdDelivery,
  'load-config': measureLoadConfig,
  'plan-memory': measurePlanMemory,
  'start-time': measureStartTime,
};

/** Measured only on request, by the flag of the same name, because each takes minutes. */
const ON_REQUEST = {
  million: ['plan-million', measureMillionPlan],
  thousand: ['provisioning-thousand', measureThousandSubjects],
} as const satisfies Readonly<Record<string, readonly [name: string, measure: Measure]>>;

interface Options {
  readonly chosen: readonly (readonly [name: string, measure: Measure])[];
  readonly json: boolean;
}

const readOptions = (): Options => {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({ options: { json: flag, million: flag, thousand: flag, only: { type: 'string' } } });
  const { json, million, thousand, only } = values;
  const known = [
    ...Object.entries(MEASUREMENTS),
    ...(million ? [ON_REQUEST.million] : []),
    ...(thousand ? [ON_REQUEST.thousand] : []),
  ];
  const chosen = known.filter(([name]) => only === undefined || name === only);
  if (chosen.length === 0) throw new Error(`--only must be one of ${known.map(([name]) => name).join(', ')}`);
  return { chosen, json };
};

const describe = (figure: Figure): string => {
  const { name, value, unit, target } = figure;
  const verdict = isReached(figure) ? styleText('green', '✓ reached') : styleText('red', '✗ missed');
  return `  ${name}: ${round(value)} ${unit}, target ${'atMost' in target ? 'at most' : 'at least'} ${targetOf(figure)}  ${verdict}`;
};

const toJson = (figure: Figure) => ({
  name: figure.name,
  value: round(figure.value),
  unit: figure.unit,
  target: targetOf(figure),
  reached: isReached(figure),
});

const namesOf = (figures: readonly Figure[]): string => figures.map(({ name }) => name).join('; ');

const main = async (): Promise<void> => {
  const { chosen, json } = readOptions();
  const say = json ? console.error : console.log;
  const figures: Figure[] = [];
  const unmeasured: string[] = [];
  for (const [name, measure] of chosen) {
    say(styleText('bold', name));
    try {
      const measured = await measure();
      figures.push(...measured.figures);
      for (const figure of measured.figures) say(describe(figure));
      for (const note of measured.notes) say(`    ${note}`);
    } catch (thrown) {
      console.error(styleText('red', `  ${name} could not be measured:`), thrown);
      unmeasured.push(name);
    }
  }
  const missed = figures.filter((figure) => !isReached(figure));
  const broken = figures.filter(isBroken);
  say(`${figures.length} figures measured, ${figures.length - missed.length} reached`);
  if (missed.length > 0) say(styleText('red', `Missed: ${namesOf(missed)}`));
  if (broken.length > 0) console.error(styleText('red', `Counts that miss their target: ${namesOf(broken)}`));
  if (unmeasured.length > 0) console.error(styleText('red', `Could not be measured: ${unmeasured.join(', ')}`));
  if (unmeasured.length > 0 || broken.length > 0) process.exitCode = 1;
  if (json) console.log(JSON.stringify({ figures: figures.map(toJson) }));
};

try {
  await main();
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : thrown);
  process.exitCode = 1;
}
