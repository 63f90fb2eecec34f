import type { Notify } from '#shared/aws/alerts.ts';
import { ruleOf } from '#shared/config/rules.ts';
import type { RelayConfig, RotationConfig } from '#shared/config/schema.ts';
import type { Rotation } from '#shared/connections/rotation.ts';
import type { Vault } from '#shared/connections/vault.ts';
import { countItems, type Next, next } from '#shared/domain/rotation/progress.ts';
import { isRunning } from '#shared/domain/rotation/state.ts';
import { RelayError } from '#shared/errors.ts';
import { holdsAt } from '#shared/records/rotation-holds.ts';
import { type RotationItems, type RotationProgress, rotationAt } from '#shared/records/rotation-record.ts';
import type { SharedRecords } from '#shared/records/shared-record.ts';
import { hasDeliveries } from '#shared/rotation/deliveries.ts';
import { endTurns } from '#shared/rotation/end-turns.ts';
import { heldItemsOf } from '#shared/rotation/held-items.ts';
import { openHolds } from '#shared/rotation/holds.ts';
import { openLedger, rotationOf } from '#shared/rotation/ledger.ts';
import type { FindOpenCheckouts } from '#shared/rotation/open-checkouts.ts';
import type { StepContext } from '#shared/runtime/define-handler.ts';
import type { Advanced, RotateStepInput } from '#shared/workflows/rotate.ts';
import { look } from './look.ts';
import { type StartContext, startItems } from './start.ts';
import { createStopIfAsked } from './stops.ts';
import { inTurns, type TurnsContext, takeTurns } from './turns.ts';

export interface AdvanceDependencies {
  readonly config: RelayConfig;
  readonly vaultOf: (connection: string) => Promise<Vault>;
  readonly records: SharedRecords;
  /** Finds the open checkouts of items of a connection, without the run `closed`. */
  readonly checkoutsOf: (connection: string, closed: string | undefined) => FindOpenCheckouts;
  /** Measures the progress of the rotation. */
  readonly measure: (rule: string, progress: ReturnType<typeof countItems>) => Promise<void>;
  readonly notify: Notify;
  /** Called with the error of a notice about a failed test that was not sent. */
  readonly onUnnotified: (error: RelayError) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Time that a change, a look and a test need. Without it, the next invocation continues. */
const MIN_REMAINING_MS = 240_000;

/** Longest wait, after which the vault is looked at again, and a stop is noticed. */
const MAX_WAIT_SECONDS = 900;

/** An execution of Step Functions ends at 25,000 events, and a turn has at most 20. */
const MAX_TURNS = 1000;

/**
 * Advances a rotation: looks at the running items, tests what has changed, and starts the items whose turn it is. Each
 * start and each test is recorded before its call. Decides by the record alone, so it continues where an earlier
 * invocation ended. Repeatable.
 */
export const createAdvance =
  ({ config, vaultOf, records, checkoutsOf, measure, notify, onUnnotified, now }: AdvanceDependencies) =>
  async (input: RotateStepInput, { remainingMs }: StepContext): Promise<Advanced> => {
    const rule = ruleOf(config, 'rotate', input.rule);
    const ledger = await openLedger(records, input);
    const { items, inTurns: others, pages, relayUsers } = await readItems(records, input, ledger.progress);
    const held = heldItemsOf(ledger, items);
    const holds = openHolds({
      records,
      place: holdsAt(config, rule.connection),
      run: rotationOf(input, ledger.progress),
      items: held,
      notify,
      onUnnotified,
      now,
    });
    // An earlier invocation can have ended between the progress and the holds.
    await holds.settle(ledger.progress.state);
    const findCheckouts = rule.underCheckouts ? undefined : checkoutsOf(rule.connection, input.order.checkout?.run);
    const turns: TurnsContext = { ledger, items, others, records, connection: rule.connection, settings: rule, now };
    const stopIfAsked = createStopIfAsked({ records, ledger, input, rule, now });
    const hasTime = (): boolean => remainingMs() >= MIN_REMAINING_MS;
    const decide = (): Next => next(ledger.progress.state, rule, now());
    await stopIfAsked();
    if (needsVault(ledger.progress, decide())) {
      const vault = await vaultOf(rule.with ?? rule.connection);
      await vault.session(async (session) => {
        const rotation = inTurns(requireRotation(session.rotation?.(rule, relayUsers), rule), ledger);
        const context: StartContext = {
          ledger,
          items,
          pages,
          rotation,
          holds,
          held,
          findCheckouts,
          settings: rule,
          queue: rule.queue,
          hasTime,
          now,
        };
        await look(context);
        await holds.settle(ledger.progress.state);
        for (let step = decide(); step.next === 'start'; step = decide()) {
          if (!hasTime()) return;
          const ids = await takeTurns(turns, rotation, step.ids);
          if (ids.length === 0) continue;
          await startItems(context, ids);
          // A change that was not queued has happened during the call.
          if (!rule.queue) await look(context);
          await holds.settle(ledger.progress.state);
          await stopIfAsked();
        }
      });
    }
    await endTurns(ledger, records, rule.connection);
    await measure(input.rule, countItems(ledger.progress.state));
    const turn = (input.advanced?.turn ?? 0) + 1;
    return { next: nextState(decide(), ledger.progress, items, turn), waitSeconds: waitFor(decide(), now()), turn };
  };

const readItems = async (
  records: SharedRecords,
  run: RotateStepInput,
  progress: RotationProgress,
): Promise<RotationItems> => {
  const place = rotationAt.items(run, progress);
  const items = (await records.read(place))?.record;
  if (items !== undefined) return items;
  throw new RelayError('ContractViolated', `The record ${place.key} is missing. Start the rotation again.`);
};

/** During a pause, and after the last item, there is nothing to do in the vault. */
const needsVault = ({ state }: RotationProgress, step: Next): boolean =>
  step.next === 'start' || state.items.some(isRunning);

const requireRotation = (rotation: Rotation | undefined, { source, connection }: RotationConfig): Rotation => {
  if (rotation !== undefined) return rotation;
  throw new RelayError('ConfigurationInvalid', `The connection ${connection} cannot change items of ${source}.`);
};

/** Seconds until there is something to do in the vault; 0 if there never is. */
const waitFor = (step: Next, now: number): number => {
  if (step.next === 'start') return 1;
  if (step.next !== 'wait') return 0;
  return Math.min(MAX_WAIT_SECONDS, Math.max(1, Math.ceil((step.until - now) / 1000)));
};

const nextState = (
  step: Next,
  progress: RotationProgress,
  items: RotationItems['items'],
  turn: number,
): Advanced['next'] => {
  const delivers = hasDeliveries(progress, items);
  const waits = step.next === 'wait' || step.next === 'start';
  if (turn >= MAX_TURNS && (delivers || waits)) return 'continue';
  if (delivers) return 'deliver';
  return waits ? 'wait' : 'report';
};
