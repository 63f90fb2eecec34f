import * as z from 'zod';
import type { OperatorSecret } from '#shared/aws/operator-secret.ts';
import { RelayError } from '#shared/errors.ts';
import { Secret } from '#shared/secret.ts';

export const CREDENTIALS_SHAPE = '{"user": "…", "password": "…"}, or {"token": "…"}';

const filled = z.string().trim().min(1);
const contentSchema = z.union([
  z.strictObject({ user: filled.regex(/^[^:]+$/), password: filled }),
  z.strictObject({ token: filled.regex(/^[\x21-\x7E]+$/) }),
]);

/** Value of the `Authorization` header. */
export type Credentials = Secret;

/** Parses the secret of a ticket system. Raises `BootstrapUnusable`. Pure. */
export const parseCredentials = (name: string, { value }: OperatorSecret): Credentials => {
  const unusable = (problem: string): RelayError =>
    new RelayError(
      'BootstrapUnusable',
      `The credentials ${name} ${problem}. Write ${CREDENTIALS_SHAPE} into the secret.`,
    );
  let json: unknown;
  try {
    json = JSON.parse(value.reveal());
  } catch {
    throw unusable('are not JSON');
  }
  const { data } = contentSchema.safeParse(json);
  if (data === undefined) throw unusable('have other fields, or an empty one');
  return new Secret(
    'token' in data
      ? `Bearer ${data.token}`
      : `Basic ${Buffer.from(`${data.user}:${data.password}`).toString('base64')}`,
  );
};
