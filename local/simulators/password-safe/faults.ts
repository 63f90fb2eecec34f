import { type CommonFault, substituteFor } from '../common/faults.ts';
import { type Occurrence, ProgrammedFaults } from '../programmed-faults.ts';
import type { CallKind } from './audit.ts';
import { type Reply, refusal } from './replies.ts';

/** The vendor does not document 429. */
export type FaultEffect = CommonFault;

export interface Fault extends Occurrence {
  /** Kind of the affected calls. Default: all. */
  readonly kind?: CallKind;
  readonly accountId?: number;
  readonly effect: FaultEffect;
}

/** A call that a fault can affect. */
interface CallSite {
  readonly kind: CallKind;
  readonly accountId: number | undefined;
}

export type Faults = ProgrammedFaults<Fault, CallSite>;

export const createFaults = (): Faults =>
  new ProgrammedFaults(
    (fault, { kind, accountId }) =>
      (fault.kind ?? kind) === kind && (fault.accountId === undefined || fault.accountId === accountId),
  );

const SUBSTITUTES = {
  tooMany: refusal(429, 'Too many requests.'),
  failure: { body: '"An error occurred."', contentType: 'application/json; charset=utf-8' },
};

/** The response of a fault that replaces the site's own. Undefined if the site's own response is sent or damaged. */
export const substitute = (fault: FaultEffect | undefined): Reply | undefined => substituteFor(fault, SUBSTITUTES);
