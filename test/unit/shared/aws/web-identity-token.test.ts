import { GetWebIdentityTokenCommand, STSClient, STSServiceException } from '@aws-sdk/client-sts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createWebIdentityTokens, webIdentityPermission } from '#shared/aws/web-identity-token.ts';
import { mockAws } from '#test/support/aws-mock.ts';

const VAULT = 'https://vault.example';
const OTHER = 'api://AzureADTokenExchange';
const DISABLED = 'OutboundWebIdentityFederationDisabledException';

const sts = mockAws(STSClient);

/** Tokens of a process with its own clock, and the number of counted calls. */
const setUp = () => {
  const world = { now: Date.UTC(2026, 0, 1), calls: 0 };
  const tokens = createWebIdentityTokens({ onCall: () => world.calls++, now: () => world.now });
  return { world, reveal: async (audience: string) => (await tokens.tokenFor(audience)).reveal(), tokens };
};

/** AWS numbers the tokens of these tests. */
const answerNumbered = (): void => {
  let issued = 0;
  sts
    .on(GetWebIdentityTokenCommand)
    .callsFake(async ({ Audience: [audience] }) => ({ WebIdentityToken: `${audience} ${++issued}` }));
};

const refusal = (name: string, $fault: 'client' | 'server' = 'client', httpStatusCode = 400) =>
  new STSServiceException({ name, $fault, message: 'eyJhbGciOiJub25lIn0.secret', $metadata: { httpStatusCode } });

describe('a web identity token', () => {
  it('is requested for one audience and five minutes, by elliptic curve', async () => {
    answerNumbered();
    const { reveal, world } = setUp();
    expect(await reveal(VAULT)).toBe(`${VAULT} 1`);
    expect(sts.commandCalls(GetWebIdentityTokenCommand)[0]?.args[0].input).toEqual({
      Audience: [VAULT],
      DurationSeconds: 300,
      SigningAlgorithm: 'ES384',
    });
    expect(world.calls).toBe(1);
  });

  it('is shared by callers at the same time, and used until a minute before its end', async () => {
    answerNumbered();
    const { reveal, world } = setUp();
    expect(await Promise.all([reveal(VAULT), reveal(VAULT), reveal(OTHER)])).toEqual([
      `${VAULT} 1`,
      `${VAULT} 1`,
      `${OTHER} 2`,
    ]);
    world.now += 239_999;
    expect(await reveal(VAULT)).toBe(`${VAULT} 1`);
    world.now += 1;
    expect(await reveal(VAULT)).toBe(`${VAULT} 3`);
    expect(world.calls).toBe(3);
  });

  it('is not used again if the clock was set back, since its age is unknown', async () => {
    answerNumbered();
    const { reveal, world } = setUp();
    await reveal(VAULT);
    world.now -= 1;
    expect(await reveal(VAULT)).toBe(`${VAULT} 2`);
  });

  it('is for its audience and younger than four minutes, whatever the order and the times of the calls', async () => {
    const call = fc.record({ waitMs: fc.nat({ max: 150_000 }), audience: fc.constantFrom(VAULT, OTHER) });
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 20 }), async (calls) => {
        const { world, reveal } = setUp();
        sts.on(GetWebIdentityTokenCommand).callsFake(async ({ Audience: [audience] }) => ({
          WebIdentityToken: `${audience} ${world.now}`,
        }));
        const distinct = new Set<string>();
        for (const { waitMs, audience } of calls) {
          world.now += waitMs;
          const token = await reveal(audience);
          const [issuedFor, issuedAt] = token.split(' ');
          expect(issuedFor).toBe(audience);
          expect(world.now - Number(issuedAt)).toBeLessThan(240_000);
          distinct.add(token);
        }
        expect(world.calls).toBe(distinct.size);
      }),
      { numRuns: 30 },
    );
  });

  it('is requested again after a failure', async () => {
    sts
      .on(GetWebIdentityTokenCommand)
      .rejectsOnce(refusal('ServiceUnavailable', 'server', 503))
      .resolves({ WebIdentityToken: 'second' });
    const { tokens, reveal } = setUp();
    await expect(tokens.tokenFor(VAULT)).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(await reveal(VAULT)).toBe('second');
  });

  it.each([
    ['FederationDisabled', 'Run: aws iam enable-outbound-web-identity-federation.', refusal(DISABLED)],
    [
      'StoreDenied',
      'lacks sts:GetWebIdentityToken for this audience. Deploy the stack again.',
      refusal('AccessDenied'),
    ],
    ['StoreDenied', 'Check that its role exists', refusal('InvalidClientTokenId')],
    ['StoreRejected', 'Remove tags of the stack', refusal('JWTPayloadSizeExceededException')],
    ['StoreRejected', 'Correct the audience', refusal('ValidationError')],
    ['StoreRejected', 'Correct the audience', refusal('UnknownRefusal')],
    ['StoreUnavailable', 'ends before the token would', refusal('SessionDurationEscalationException')],
    ['StoreUnavailable', 'The call is retried', refusal('Throttling')],
    ['StoreUnavailable', 'The call is retried', refusal('UnknownThrottling', 'client', 429)],
    ['StoreUnavailable', 'The call is retried', refusal('InternalFailure', 'server', 500)],
    ['StoreUnavailable', 'The call is retried', Object.assign(new Error('socket'), { $metadata: {} })],
    ['Unexpected', 'a defect in the relay', new TypeError('eyJhbGciOiJub25lIn0.secret')],
  ])('fails with %s and advice (%s), without the text of AWS', async (name, advice, thrown) => {
    sts.on(GetWebIdentityTokenCommand).rejects(thrown);
    const error = await setUp()
      .tokens.tokenFor(`${VAULT}\n`)
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name, message: expect.stringContaining(advice) });
    expect(String(error)).not.toMatch(/eyJ|\n/);
  });

  it('counts as issued only if the answer contains it', async () => {
    sts.on(GetWebIdentityTokenCommand).resolves({});
    await expect(setUp().tokens.tokenFor(VAULT)).rejects.toMatchObject({
      name: 'StoreUnavailable',
      message: expect.stringContaining('no proxy intercepts'),
    });
  });

  it('is permitted for its audience, its life and its algorithm only', () => {
    expect(webIdentityPermission(VAULT)).toMatchObject({
      actions: ['sts:GetWebIdentityToken'],
      conditions: {
        'ForAllValues:StringEquals': { 'sts:IdentityTokenAudience': [VAULT] },
        Null: { 'sts:IdentityTokenAudience': 'false' },
        NumericLessThanEquals: { 'sts:DurationSeconds': '300' },
        StringEquals: { 'sts:SigningAlgorithm': 'ES384' },
      },
    });
  });
});
