import { describe, expect, it } from 'vitest';
import { aliasScenario, REGULAR_TURN } from '#test/support/alias-scenarios.ts';
import { crash } from '#test/support/crash.ts';
import { runUndisturbed } from '#test/support/crash-campaign.ts';

describe('an alias whose accounts take turns', () => {
  it('changes one account and then the other, and its secret opens one at every moment', async () => {
    const { ending, broken } = await runUndisturbed(aliasScenario());
    expect(broken).toEqual([]);
    expect(ending).toEqual([1, 1]);
  });

  // The campaigns try other switches, and deaths at every moment.
  it('keeps an account that failed its test from its readers, also after the vault has switched to it', async () => {
    const turn = { ...REGULAR_TURN, target: { acceptsCredential: false }, isSynced: true };
    const { broken } = await crash({ scenario: aliasScenario([turn]), death: 'function', moments: [] });
    expect(broken).toEqual([]);
  });
});
