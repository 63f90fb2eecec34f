import { type Checkable, ownOf } from '#shared/config/checkable.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import { bootstrapSecretOf } from '#shared/connections/operator-secrets.ts';

/** True if two connections sign in as the same user. Pure. */
export const isSameUser = (
  { connections }: Checkable,
  { connections: types }: RegisteredTypes,
  one: string,
  other: string,
): boolean => {
  if (one === other) return true;
  const [first, second] = [one, other].map((name) => {
    const settings = ownOf(connections, name);
    const type = settings && ownOf(types, settings.type);
    return type && bootstrapSecretOf(type, settings);
  });
  return first !== undefined && first === second;
};
