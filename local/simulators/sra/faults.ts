import { type CommonFault, substituteFor } from '../common/faults.ts';
import type { Reply } from '../common/replies.ts';
import { type Occurrence, ProgrammedFaults } from '../programmed-faults.ts';
import type { CallKind } from './audit.ts';
import { refusal } from './replies.ts';
import type { Switches } from './switches.ts';
import { reportError } from './xml.ts';

export type FaultEffect =
  | CommonFault
  /** Kills the caller's tokens before the call, like an account with too many of them. */
  | { readonly type: 'kill-tokens' }
  /** An `<error>` of a report with status 200. */
  | { readonly type: 'report-error'; readonly text: string };

interface Fault extends Occurrence {
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
  failure: { body: '{"message":"An internal error occurred."}', contentType: 'application/json' },
};

/** The part of a fault that is not this site's alone. */
export const commonPart = (fault: FaultEffect | undefined): CommonFault | undefined =>
  fault?.type === 'kill-tokens' || fault?.type === 'report-error' ? undefined : fault;

/** The response of a fault that replaces the site's own. Undefined if the site's own response is sent or damaged. */
export const substitute = (fault: FaultEffect | undefined, switches: Switches): Reply | undefined =>
  fault?.type === 'report-error'
    ? reportError(fault.text, switches, 'error_list')
    : substituteFor(commonPart(fault), SUBSTITUTES);
