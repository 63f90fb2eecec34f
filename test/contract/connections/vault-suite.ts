import { describe } from 'vitest';
import { rulesOf, type VaultBench } from './vault-bench.ts';
import { describeLeases, describeOpeningReads, describeTargetSessions } from './vault-leases.ts';
import { describeAddresses, describeLists, describeRules } from './vault-lists.ts';
import { describeReading, describeSessions } from './vault-reading.ts';
import { describeRotation, describeWithoutRotation } from './vault-rotation.ts';

/**
 * Requirements for every vault. Run the suite over each source, and over each access of a source. The checks follow
 * from the rules of the source and the capabilities of a session.
 */
export const describeVault = (name: string, bench: VaultBench): void => {
  const rules = rulesOf(bench);
  describe(name, () => {
    describeRules(bench);
    describeLists(bench);
    if (rules.address !== undefined) describeAddresses(bench, rules.address);
    describeReading(bench);
    if (rules.accessKind === 'leases') describeLeases(bench);
    if (rules.accessKind === 'opening-reads') describeOpeningReads(bench);
    if (bench.sessionRule !== undefined) describeTargetSessions(bench, bench.sessionRule);
    if (bench.rotates) describeRotation(bench);
    else describeWithoutRotation(bench);
    describeSessions(bench);
  });
};
