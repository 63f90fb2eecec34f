import { isMarking, type Step } from '#shared/domain/directory/steps.ts';

/** Marks that one run sets on what it has adopted. Each is a few calls, at the pace of the directory. */
const MAX_MARKS = 100;

/**
 * Leaves most of the marks of a large adoption to later runs, so that no run takes hours. The record of ownership
 * shows in between whose the members and groups are. Pure.
 */
export const withinMarks = (
  steps: readonly Step[],
): { readonly steps: readonly Step[]; readonly findings: readonly string[] } => {
  const marking = steps.filter(isMarking);
  const waiting = new Set(marking.slice(MAX_MARKS));
  const findings =
    waiting.size === 0
      ? []
      : [
          `${waiting.size} adopted members and groups are marked by later runs, ${MAX_MARKS} in each. Nothing needs to be done.`,
        ];
  return { steps: steps.filter((step) => !waiting.has(step)), findings };
};
