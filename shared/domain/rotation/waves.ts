import { dependentsOf, heights } from '#shared/domain/rotation/graph.ts';
import type { RotationSettings } from '#shared/domain/rotation/settings.ts';
import { compareTexts, groupUnits, type Refusal, type Rotatable, type Unit } from '#shared/domain/rotation/units.ts';

/** Items that rotate together, as their units. */
export type Wave = readonly Unit[];

export interface WavePlan {
  readonly kind: 'planned';
  /** In their order. The first one is the canary. None is empty. */
  readonly waves: readonly Wave[];
}

type WaveSettings = Pick<RotationSettings, 'canary' | 'size' | 'perSystem'>;

/** A unit that can be in the next wave, and the facts that determine if it is. */
interface Candidate {
  readonly unit: Unit;
  /** Waves that have to follow its own, for the units that need it. */
  readonly height: number;
  /**
   * Waves that are left after the next one, if the unit is not in it.
   * Not rounded: of two systems, the fuller is first.
   */
  readonly urgency: number;
  /** Place in the order of the keys. */
  readonly position: number;
}

/** The accounts on each system. */
const countAccounts = (units: Iterable<Unit>): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const { systems } of units) {
    for (const [system, count] of systems) counts.set(system, (counts.get(system) ?? 0) + count);
  }
  return counts;
};

const byUrgency = (one: Candidate, other: Candidate): number =>
  other.urgency - one.urgency || one.position - other.position;

/** A canary that fails must harm few: it takes units that no other needs, with few accounts. */
const byHarm = (one: Candidate, other: Candidate): number =>
  one.height - other.height || one.unit.items.length - other.unit.items.length || byUrgency(one, other);

/** Takes candidates in their order, as many as the wave holds. */
const fill = (candidates: readonly Candidate[], maxUnits: number, perSystem: number): Unit[] => {
  const taken: Unit[] = [];
  const held = new Map<string, number>();
  for (const { unit } of candidates) {
    if (taken.length >= maxUnits) break;
    const fits = unit.systems.every(([system, count]) => {
      const others = held.get(system) ?? 0;
      return others === 0 || others + count <= perSystem;
    });
    if (!fits) continue;
    taken.push(unit);
    for (const [system, count] of unit.systems) held.set(system, (held.get(system) ?? 0) + count);
  }
  return taken;
};

const schedule = (units: ReadonlyMap<string, Unit>, canary: number, size: number, perSystem: number): Wave[] => {
  const graph = new Map([...units].map(([key, { after }]) => [key, after]));
  const dependents = dependentsOf(graph);
  const height = heights(graph);
  /** Accounts that are not in a wave yet. */
  const accounts = countAccounts(units.values());
  const missing = new Map([...units].map(([key, { after }]) => [key, after.size]));
  const positions = new Map([...units.keys()].toSorted(compareTexts).map((key, position) => [key, position]));

  const assess = ({ unit, height, position }: Omit<Candidate, 'urgency'>): Candidate => {
    const wavesOf = ([system]: readonly [string, number]): number => (accounts.get(system) ?? 0) / perSystem;
    const urgency = unit.systems.reduce((most, system) => Math.max(most, wavesOf(system) - 1), height);
    return { unit, height, position, urgency };
  };
  const candidate = (unit: Unit): Candidate =>
    assess({ unit, height: height.get(unit.key) ?? 0, position: positions.get(unit.key) ?? 0 });

  const waves: Wave[] = [];
  let ready = [...units.values()].filter(({ after }) => after.size === 0).map(candidate);
  while (ready.length > 0) {
    const isCanary = waves.length === 0;
    const wave = fill(ready.toSorted(isCanary ? byHarm : byUrgency), isCanary ? canary : size, perSystem);
    waves.push(wave.toSorted((one, other) => compareTexts(one.key, other.key)));
    for (const [system, count] of countAccounts(wave)) accounts.set(system, (accounts.get(system) ?? 0) - count);
    const taken = new Set(wave);
    ready = ready.filter(({ unit }) => !taken.has(unit)).map(assess);
    for (const key of wave.flatMap((unit) => dependents.get(unit.key) ?? [])) {
      const left = (missing.get(key) ?? 0) - 1;
      missing.set(key, left);
      const unit = units.get(key);
      if (left === 0 && unit !== undefined) ready.push(candidate(unit));
    }
  }
  return waves;
};

/**
 * Plans the waves of a rotation: each item once, after those that it needs, which are in earlier waves or earlier in
 * its unit. Units that many others wait for, and systems with many accounts, come first, so there are few waves. The
 * waves after the canary have about the same size. The plan depends on the items and the settings alone, not on the
 * order of the items. Pure.
 */
export const planWaves = (items: readonly Rotatable[], settings: WaveSettings): WavePlan | Refusal => {
  const units = groupUnits(items);
  if ('kind' in units) return units;
  const size = Math.max(1, settings.size);
  const canary = Math.max(1, Math.min(settings.canary, size));
  const perSystem = Math.max(1, settings.perSystem);

  const full = schedule(units, canary, size, perSystem);
  const [first = []] = full;
  const even = Math.ceil((units.size - first.length) / Math.max(1, full.length - 1));
  const balanced = even < size && even > 0 ? schedule(units, canary, even, perSystem) : full;
  return { kind: 'planned', waves: balanced.length <= full.length ? balanced : full };
};
