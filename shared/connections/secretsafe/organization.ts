import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import type { DirectorySession, Policy } from '#shared/connections/directory.ts';
import { notTaken, pathOf, readExisting, readList, readOne, write } from '#shared/connections/secretsafe/calls.ts';
import type { Session } from '#shared/connections/secretsafe/session.ts';
import { type PolicyRow, policyRow } from '#shared/connections/secretsafe/wire.ts';
import { RelayError } from '#shared/errors.ts';

const toPolicy = ({ type, enabled, data }: PolicyRow): Policy => ({ type, enabled, data: data ?? {} });

/** The cloud shows the seats of an organization. Null: no limit. */
const subscriptionSchema = z.looseObject({
  passwordManager: z.looseObject({ seats: z.int().nullish() }).nullish(),
});

type OrganizationCalls = Pick<DirectorySession, 'policies' | 'savePolicy' | 'freeSeats'>;

/** Calls about the organization as a whole. */
export const openOrganization = (session: Session): OrganizationCalls => ({
  async policies() {
    const { rows, rejected } = await readList(session, 'policies', policyRow);
    return { rows: rows.map(toPolicy), rejected };
  },
  async savePolicy({ type, enabled, data }) {
    const path = pathOf('policies', type);
    await write(session, 'PUT', path, { enabled, data });
    const after = toPolicy(await readExisting(session, path, policyRow));
    const different = [
      ...(after.enabled === enabled ? [] : ['enabled']),
      ...Object.keys(data).filter((field) => !isDeepStrictEqual(after.data[field], data[field])),
    ];
    if (different.length > 0) throw notTaken(session, path, different);
  },
  async freeSeats({ rows, rejected }) {
    const seats = await seatsOf(session);
    if (seats === undefined) return undefined;
    const taken = rows.filter(({ status }) => status !== 'revoked').length + rejected.length;
    return Math.max(0, seats - taken);
  },
});

/** Seats that are paid for; undefined if the server shows none or knows no limit. The relay never buys any. */
const seatsOf = async (session: Session): Promise<number | undefined> => {
  try {
    const subscription = await readOne(session, 'public/organization/subscription', subscriptionSchema);
    return subscription?.passwordManager?.seats ?? undefined;
  } catch (error) {
    if (error instanceof RelayError && error.name === 'CallUnsupported') return undefined;
    throw error;
  }
};
