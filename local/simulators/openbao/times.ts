/** Source: OpenBao, `default_lease_ttl` and `max_lease_ttl`, both 32 days. */
export const DEFAULT_TTL_SECONDS = 2_764_800;

/** Formats epoch milliseconds like the server: RFC 3339 with nanoseconds, which end in a non-zero digit here. */
export const nanosecondTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, -1)}000001Z`;
