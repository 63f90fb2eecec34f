import { describe } from 'vitest';
import { rulesOf, type VaultBench } from './vault-bench.ts';
import { describeLeases, describeOpeningReads, describeTargetSessions } from './vault-leases.ts';
import { describeAddresses, describeLists, describeRules } from './vault-lists.ts';
import { describeReading, describeSessions } from './vault-reading.ts';

/**
 * What every vault has to keep to, whatever it is: run it over each source, and over each way in that a source has. What it
 * asks follows from the rules of the source and from what a session can do.
 */
export const describeVault = (name: string, bench: VaultBench): void => {
  const rules = rulesOf(bench);
  describe(name, () => {
    describeRules(bench);
    describeLists(bench);
    if (rules.address !== undefined) describeAddresses(bench, rules.address);
    describeReading(bench);
    if (rules.wayIn === 'leases') describeLeases(bench);
    if (rules.wayIn === 'opening-reads') describeOpeningReads(bench);
    if (bench.sessionRule !== undefined) describeTargetSessions(bench, bench.sessionRule);
    describeSessions(bench);
  });
};
