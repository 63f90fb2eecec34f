import type { Performer } from './activity.ts';

/** A person who uses the site. */
export interface SimulatedPerson {
  readonly id: number;
  readonly userName: string;
  readonly displayName: string;
}

export const DEFAULT_PEOPLE: readonly SimulatedPerson[] = [
  { id: 1, userName: 'admin', displayName: 'Administrator' },
  { id: 2, userName: 'dana', displayName: 'Dana Meyer' },
  { id: 3, userName: 'lee', displayName: 'Lee Okafor' },
];

/** The person with this user name. @throws RangeError */
export const personNamed = (people: readonly SimulatedPerson[], userName: string): SimulatedPerson => {
  const person = people.find((one) => one.userName === userName);
  if (person === undefined) throw new RangeError(`There is no person ${userName}.`);
  return person;
};

export const performerOf = ({ id, displayName }: SimulatedPerson): Performer => ({
  type: 'user',
  id,
  name: displayName,
});
