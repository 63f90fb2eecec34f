import { planRotationRule, type RotationSides } from '#functions/rotate/plan/plan-rule.ts';
import { ruleOf } from '#shared/config/rules.ts';
import { showDuration } from '#shared/domain/duration.ts';
import { showText } from '#shared/domain/text.ts';
import { inColumns, type Output } from '../output.ts';

/** Plan of one rotation. */
export interface RotationPlan {
  readonly rotation: string;
  readonly connection: string;
  readonly accounts: number;
  /** Time that the rotation lasts at least, by the pace of the vault, the concurrency and the pauses. */
  readonly leastSeconds: number;
  /** Titles of the items of each wave, in the order in which they change. The first wave is the canary. */
  readonly waves: readonly (readonly string[])[];
  /** Items that must not change, and why. */
  readonly refused: readonly { readonly item: string; readonly reason: string }[];
  readonly notes: readonly string[];
}

/** Plans one rotation as its next scheduled run would, if nothing is left to continue. Changes nothing. Repeatable. */
export const planOneRotation = async (sides: RotationSides, rotation: string): Promise<RotationPlan> => {
  const { connection } = ruleOf(sides.config, 'rotate', rotation);
  const { waves, refused, content } = await planRotationRule(sides, rotation, { rule: rotation, trigger: 'schedule' });
  const titles = waves.waves.map((units) => units.flatMap(({ items }) => items.map(({ title }) => title)));
  return {
    rotation,
    connection,
    accounts: titles.flat().length,
    leastSeconds: content.estimateSeconds,
    waves: titles,
    refused: refused.map(({ title, reason }) => ({ item: title, reason })),
    notes: content.notes,
  };
};

/** Lines of the plan of a rotation. Pure. */
export const showRotation = (plan: RotationPlan, paint: Output['paint']): string[] => {
  const { rotation, connection, accounts, leastSeconds, waves, refused, notes } = plan;
  return [
    paint('strong', `Rotation ${rotation}, in ${connection}`),
    ...inColumns([
      ['  Accounts', `${accounts}, in ${waves.length} waves`],
      ['  Least time', showDuration(leastSeconds * 1000)],
    ]),
    ...notes.map((note) => paint('waiting', `  Note: ${showText(note)}`)),
    ...waves.flatMap((titles, wave) => [
      paint('quiet', wave === 0 ? '  Canary' : `  Wave ${wave}`),
      ...titles.map((title) => `    ${showText(title)}`),
    ]),
    ...refused.flatMap(({ item, reason }) => [
      `  ${paint('bad', 'refuse')}  ${showText(item)}`,
      paint('quiet', `    ${showText(reason)}`),
    ]),
  ];
};
