import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  interpretCall,
  interpretCheckIn,
  interpretCredential,
  interpretTicketedRequest,
} from '#shared/connections/password-safe/errors.ts';
import type { ErrorName } from '#shared/errors.ts';
import { answered, CANARY } from '#test/support/answers.ts';

const call = { connection: 'corp-vault', name: 'POST Requests', idempotent: false };
const TICKET = { number: 'CHG-1' };

describe('the status of a call', () => {
  it.each<[number, string, ErrorName]>([
    [302, '', 'RequestRejected'],
    [400, '"A reason is required."', 'RequestRejected'],
    [401, '"User not authenticated"', 'SessionLost'],
    [403, '"Permission denied."', 'PermissionMissing'],
    [403, '4031', 'NotRequestable'],
    [403, '"4031"', 'NotRequestable'],
    [403, '4031, statuscode: 403', 'NotRequestable'],
    [403, '4032', 'PermissionMissing'],
    [403, '4033', 'PermissionMissing'],
    [403, '"4034"', 'ApprovalPending'],
    [403, 'code 4035 given', 'ApproversMissing'],
    [403, '40310', 'PermissionMissing'],
    [404, '"Managed Account not found"', 'NotFound'],
    [404, '<!DOCTYPE html><h1>404</h1>', 'RequestRejected'],
    [405, '', 'RequestRejected'],
    [408, '', 'VaultUnavailable'],
    [409, '4091', 'RequestConflict'],
    [409, '"The account is taken."', 'RequestConflict'],
    [410, '', 'ApiVersionDisabled'],
    [415, '', 'MediaTypeRefused'],
    [418, '', 'RequestRejected'],
    [429, '', 'RateLimited'],
    [500, '', 'VaultUnavailable'],
    [503, '<html>maintenance</html>', 'VaultUnavailable'],
  ])('%i with body %s is %s', (status, text, name) => {
    const error = interpretCall(answered(status, text), call);
    expect(error?.name).toBe(name);
    expect(error?.message).toMatch(new RegExp(`^corp-vault: POST Requests was answered with ${status}\\. .{20,}`));
  });

  it('is no error after a success', () => {
    for (const status of [200, 201, 204]) expect(interpretCall(answered(status), call)).toBeUndefined();
  });

  it('may have happened only if the call is not idempotent and the server failed', () => {
    expect(interpretCall(answered(500), call)?.mayHaveHappened).toBe(true);
    expect(interpretCall(answered(500), { ...call, idempotent: true })?.mayHaveHappened).toBe(false);
    expect(interpretCall(answered(429), call)?.mayHaveHappened).toBe(false);
    expect(interpretCall(answered(409), call)?.mayHaveHappened).toBe(false);
  });

  it('contains the wait that the vault requests', () => {
    expect(interpretCall(answered(429, '', { 'retry-after': '3' }), call)?.retryAfterMs).toBe(3000);
  });

  it('is reported without a header, a body or a value', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(interpretCall, interpretCheckIn, interpretCredential, interpretTicketedRequest(TICKET)),
        fc.integer({ min: 300, max: 599 }),
        fc.constantFrom(CANARY, `Ticket ${CANARY}`, `Ticket ${CANARY} could not be reached`),
        (interpret, status, text) => {
          const error = interpret(answered(status, text), call);
          expect(`${error?.message}${error?.stack}`).not.toContain(CANARY);
          expect(error?.cause).toBeUndefined();
        },
      ),
    );
  });
});

describe('the status of a particular call', () => {
  it('means a lease that is gone if the API does not find the credential', () => {
    expect(interpretCredential(answered(404), call)?.name).toBe('LeaseGone');
    expect(interpretCredential(answered(404, '<html>'), call)?.name).toBe('RequestRejected');
    expect(interpretCredential(answered(403, '4034'), call)?.name).toBe('ApprovalPending');
  });

  it('means success if the API does not find the lease at check-in', () => {
    expect(interpretCheckIn(answered(404), call)).toBeUndefined();
    expect(interpretCheckIn(answered(404, '<html>'), call)?.name).toBe('RequestRejected');
    expect(interpretCheckIn(answered(410), call)?.name).toBe('ApiVersionDisabled');
    expect(interpretCheckIn(answered(403, '4031'), call)?.name).toBe('NotRequestable');
  });
});

/** A text of each meaning. */
const MEANT: Readonly<Record<string, string>> = {
  TicketRefused: 'The ticket does not exist.',
  TicketUnverified: 'The ticket system is unreachable.',
  RequestRejected: 'A reason is required.',
};

describe('the status of a request with a ticket', () => {
  const interpret = interpretTicketedRequest(TICKET);

  it.each<[number, string, ErrorName, boolean]>([
    [400, '"Ticket CHG-1 is not assigned to the requestor."', 'TicketRefused', false],
    [400, '"The ticket was not found in the ticket system."', 'TicketRefused', false],
    [400, '"TicketNumber exceeds 20 characters."', 'TicketRefused', false],
    [400, '"The ticket system is not active."', 'TicketRefused', false],
    [400, '"The ticket system could not be reached."', 'TicketUnverified', false],
    [400, '"Failed to connect to the ticketing system"', 'TicketUnverified', false],
    [400, '"Ticket validation timed out."', 'TicketUnverified', false],
    [400, '"The Ticket server did not respond."', 'TicketUnverified', false],
    [400, '"A reason is required."', 'RequestRejected', false],
    [400, '', 'RequestRejected', false],
    [400, '<html>Ticket</html>', 'RequestRejected', false],
    [403, '"Ticket" 4031', 'NotRequestable', false],
    [404, '"Ticket not found"', 'NotFound', false],
    [409, '"Ticket"', 'RequestConflict', false],
    [500, '"The ticket system could not be reached."', 'VaultUnavailable', true],
    [504, '<html>Gateway Timeout</html>', 'VaultUnavailable', true],
  ])('%i with body %s is %s', (status, text, name, mayHaveHappened) => {
    expect(interpret(answered(status, text), call)).toMatchObject({ name, mayHaveHappened });
    expect(interpretCall(answered(status, text), call)?.name).not.toMatch(/^Ticket/);
  });

  it('has one of three meanings after a 400 with any text, and opened nothing', () => {
    const about = fc.tuple(fc.string(), fc.constantFrom('ticket', 'TICKET', ''), fc.string());
    fc.assert(
      fc.property(about, (parts) => {
        const text = JSON.stringify(parts.join(' '));
        const error = interpret(answered(400, text), call);
        expect(error?.mayHaveHappened).toBe(false);
        expect(error?.retryable).toBe(error?.name === 'TicketUnverified');
        if (!/ticket/i.test(text)) expect(error?.name).toBe('RequestRejected');
        expect(error?.message).toBe(interpret(answered(400, MEANT[error?.name ?? '']), call)?.message);
      }),
      { examples: [[['the', 'ticket', 'server timed out']]] },
    );
  });

  it('names the ticket and its system, and no character of the ticket breaks the line', () => {
    const refused = (number: string, systemId?: number) =>
      interpretTicketedRequest({ number, systemId })(answered(400, 'Ticket'), call)?.message;
    expect(interpret(answered(500), call)?.message).toContain('the server that it verifies the ticket "CHG-1"');
    expect(refused('CHG-1')).toContain('refused the ticket "CHG-1" in its default ticket system.');
    expect(refused('CHG-1\n', 2)).toContain(String.raw`refused the ticket "CHG-1\n" in its ticket system 2.`);
  });
});
