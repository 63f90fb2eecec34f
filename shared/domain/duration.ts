const SECOND_MS = 1000;
const UNITS = [
  [3600 * SECOND_MS, 'h'],
  [60 * SECOND_MS, 'min'],
  [SECOND_MS, 's'],
] as const;

/** Formats milliseconds with their two largest nonzero units, such as `4 min 12 s`; below one second, `0 s`. Pure. */
export const showDuration = (ms: number): string => {
  let rest = Math.max(0, ms);
  const parts = UNITS.flatMap(([size, unit]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count > 0 ? [`${count} ${unit}`] : [];
  });
  return parts.length === 0 ? '0 s' : parts.slice(0, 2).join(' ');
};
