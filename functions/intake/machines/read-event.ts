import * as z from 'zod';
import { RelayError } from '#shared/errors.ts';
import { MACHINE_EVENTS } from '#shared/messages/machine-events.ts';
import type { relayPlaceOf } from '#shared/names.ts';

/**
 * A change of the state of an EC2 instance. Source: EC2 user guide, "Amazon EC2 instance state change events"; its
 * `time` has whole seconds.
 */
const eventSchema = z
  .object({
    source: z.literal(MACHINE_EVENTS.source),
    'detail-type': z.literal(MACHINE_EVENTS.detailType),
    account: z.string(),
    region: z.string(),
    time: z.iso.datetime(),
    detail: z.object({ 'instance-id': z.string().regex(/^i-[0-9a-f]{8,17}$/), state: z.string() }),
  })
  .transform(({ account, region, time, detail }) => ({
    account,
    region,
    /** Epoch milliseconds. */
    at: Date.parse(time),
    instance: detail['instance-id'],
    state: detail.state,
  }));
export type MachineEvent = z.output<typeof eventSchema>;

/** Reads an event about a machine of this account and region. Raises `MessageInvalid` for any other text. Pure. */
export const readEvent = (body: string, here: ReturnType<typeof relayPlaceOf>): MachineEvent => {
  const { data, error } = eventSchema.safeParse(asJson(body));
  if (data === undefined) {
    const fields = error.issues.map(({ path }) => path.join('.') || 'the whole event').join(', ');
    throw new RelayError(
      'MessageInvalid',
      `${fields}: not of an ${MACHINE_EVENTS.detailType}; send only events of aws.ec2 to this queue`,
    );
  }
  for (const field of ['account', 'region'] as const) {
    if (data[field] !== here[field]) throw elsewhere(field, here[field]);
  }
  return data;
};

const asJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** EC2 describes only the machines of the account and region that ask. */
const elsewhere = (field: 'account' | 'region', own: string): RelayError =>
  new RelayError(
    'MessageInvalid',
    `${field}: only machines of the ${field} of the stack, ${own}, can be subjects; stop forwarding events of others`,
  );
