import { type CommonFault, substituteFor } from '../common/faults.ts';
import type { Reply } from '../common/replies.ts';
import { type Occurrence, ProgrammedFaults } from '../programmed-faults.ts';
import type { CallKind } from './audit.ts';
import { tooMany } from './replies.ts';

interface Fault extends Occurrence {
  /** Kind of the affected calls. Default: all. */
  readonly kind?: CallKind;
  /** The id of the path. Default: all. */
  readonly id?: string;
  readonly effect: CommonFault;
}

/** A call that a fault can affect. */
interface CallSite {
  readonly kind: CallKind;
  readonly id: string | undefined;
}

export type Faults = ProgrammedFaults<Fault, CallSite>;

export const createFaults = (): Faults =>
  new ProgrammedFaults(
    (fault, { kind, id }) => (fault.kind ?? kind) === kind && (fault.id === undefined || fault.id === id),
  );

const SUBSTITUTES = {
  tooMany: tooMany('1m'),
  failure: {
    body: '{"object":"error","message":"An unhandled server error has occurred.","errors":null}',
    contentType: 'application/json; charset=utf-8',
  },
};

/** The response that a fault sends instead of the server's own. Undefined if the server's own is sent or damaged. */
export const substitute = (fault: CommonFault | undefined): Reply | undefined => substituteFor(fault, SUBSTITUTES);
