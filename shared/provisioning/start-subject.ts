import { acceptOrder, type SubjectOrder, type SubjectSender } from '#shared/domain/blueprint/subject.ts';
import { RelayError } from '#shared/errors.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import type { Signals } from '#shared/records/signals.ts';
import { provisionRun, subjectAt } from '#shared/records/subjects.ts';
import type { ExecutionsOf } from '#shared/runtime/machines.ts';

export interface StartSubjectDependencies {
  readonly sharedRecords: SharedRecords;
  readonly signals: Pick<Signals, 'put'>;
  readonly executionsOf: ExecutionsOf;
}

/** Records an order about a subject and starts an execution; see {@link createStartSubject}. */
export type StartSubject = (about: SubjectSender, order: SubjectOrder) => Promise<void>;

/**
 * Records what a sender wants of a subject, and starts an execution for it. An older order is ignored: a later one is
 * known. Raises `MessageInvalid` if the subject belongs to another sender, or if its position was used for another
 * order. Repeatable: the same order makes nothing twice.
 */
export const createStartSubject =
  ({ sharedRecords, signals, executionsOf }: StartSubjectDependencies): StartSubject =>
  async (about, order) => {
    // Comes first, so that the sweep finds a subject whose execution was never started.
    await signals.put(subjectAt.pending(about));
    const acceptance = await changeRecord(sharedRecords, subjectAt.record(about), (known) => {
      const { next, acceptance: result } = acceptOrder(known, about, order);
      return { next, result };
    });
    switch (acceptance) {
      case 'older':
        return;
      case 'foreign':
        throw ofAnotherSender();
      case 'conflicting':
        throw usedPosition(order.position);
      case 'accepted': {
        const { rule, subject } = about;
        await executionsOf('provision').start(provisionRun(about, order.position), JSON.stringify({ rule, subject }));
      }
    }
  };

/** Reveals nothing about the other sender. */
const ofAnotherSender = (): RelayError =>
  new RelayError(
    'MessageInvalid',
    'subject: belongs to another sender; use another subject, or send it as that sender',
  );

const usedPosition = (position: number): RelayError =>
  new RelayError(
    'MessageInvalid',
    `position: ${position} was used for another order about the subject; use a higher position`,
  );
