import { parseArgs, styleText } from 'node:util';
import { type Figure, isReached, type Measured, round, targetOf } from './figure.ts';
import { measureColdImport } from './figures/cold-import.ts';
import { measureFewChanges } from './figures/few-changes.ts';
import { measureFullSync } from './figures/full-sync.ts';
import { measurePlanMemory } from './figures/plan-memory.ts';
import { measureStartTime } from './figures/start-time.ts';
import { measureThroughput } from './figures/throughput.ts';

/** `npm run bench`: every figure of docs/performance.md. Fails only when one could not be measured. */

const MEASUREMENTS: Readonly<Record<string, () => Promise<Measured>>> = {
  'full-sync': measureFullSync,
  'few-changes': measureFewChanges,
  throughput: measureThroughput,
  'cold-import': measureColdImport,
  'plan-memory': measurePlanMemory,
  'start-time': measureStartTime,
};

const readOptions = (): { names: readonly string[]; json: boolean } => {
  const { values } = parseArgs({ options: { json: { type: 'boolean', default: false }, only: { type: 'string' } } });
  const known = Object.keys(MEASUREMENTS);
  if (values.only === undefined) return { names: known, json: values.json };
  if (!known.includes(values.only)) throw new Error(`--only is one of ${known.join(', ')}`);
  return { names: [values.only], json: values.json };
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

const main = async (): Promise<void> => {
  const { names, json } = readOptions();
  const figures: Figure[] = [];
  const unmeasured: string[] = [];
  for (const name of names) {
    console.log(styleText('bold', name));
    try {
      const measured = await MEASUREMENTS[name]?.();
      figures.push(...(measured?.figures ?? []));
      for (const figure of measured?.figures ?? []) console.log(describe(figure));
      for (const note of measured?.notes ?? []) console.log(`    ${note}`);
    } catch (thrown) {
      console.error(styleText('red', `  ${name} could not be measured:`), thrown);
      unmeasured.push(name);
    }
  }
  const missed = figures.filter((figure) => !isReached(figure)).map(({ name }) => name);
  console.log(`${figures.length} figures measured, ${figures.length - missed.length} reached`);
  if (missed.length > 0) console.log(styleText('red', `Missed: ${missed.join('; ')}`));
  if (unmeasured.length > 0) {
    console.error(styleText('red', `Could not be measured: ${unmeasured.join(', ')}`));
    process.exitCode = 1;
  }
  if (json) console.log(JSON.stringify({ figures: figures.map(toJson) }));
};

try {
  await main();
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : thrown);
  process.exitCode = 1;
}
