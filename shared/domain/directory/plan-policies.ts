import { isDeepStrictEqual } from 'node:util';
import type { Planning } from '#shared/domain/directory/planning.ts';
import type { Drift, Step } from '#shared/domain/directory/steps.ts';

/** Compares the policies, and plans to write those that have `apply: true`. Pure. */
export const planPolicies = ({ policies, observed }: Planning) => {
  const steps: Step[] = [];
  const drift: Drift[] = [];
  const findings: string[] = [];
  const listed = observed.policies;
  for (const { type, enabled, data, apply } of listed === undefined ? [] : policies) {
    const found = listed?.rows.find((policy) => policy.type === type);
    if (found === undefined && (listed?.rejected.length ?? 0) > 0) {
      findings.push(`Policy ${type} is left alone: rows of the list of policies cannot be read.`);
      continue;
    }
    // A policy that was never saved is switched off.
    const isSame =
      (found?.enabled ?? false) === enabled &&
      Object.entries(data).every(([name, value]) => isDeepStrictEqual(found?.data[name], value));
    if (isSame) continue;
    drift.push({ field: 'policy', about: String(type) });
    if (apply) steps.push({ kind: 'save-policy', type, enabled, data: { ...found?.data, ...data } });
    else findings.push(`Policy ${type} differs. It is only reported: apply: true would write it.`);
  }
  return { steps, drift, findings };
};
