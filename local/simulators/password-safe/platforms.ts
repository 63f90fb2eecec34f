/** A platform of managed systems. Administrators can rename custom platforms, so clients match ids. */
interface Platform {
  readonly platformId: number;
  readonly name: string;
  readonly shortName: string;
  /** Null for a platform without a port. */
  readonly defaultPort: number | null;
  readonly supportsElevation: boolean;
  readonly hasDomain: boolean;
  readonly supportsKeys: boolean;
  readonly sessionType: 'RDP' | 'SSH' | null;
}

/** The platforms of the fleet. The reference confirms the ids, except that of the database. */
export const PLATFORMS: readonly Platform[] = [
  {
    platformId: 1,
    name: 'Windows',
    shortName: 'Windows',
    defaultPort: null,
    supportsElevation: false,
    hasDomain: true,
    supportsKeys: false,
    sessionType: 'RDP',
  },
  {
    platformId: 2,
    name: 'Linux',
    shortName: 'Linux',
    defaultPort: 22,
    supportsElevation: true,
    hasDomain: false,
    supportsKeys: true,
    sessionType: 'SSH',
  },
  {
    platformId: 8,
    name: 'Oracle',
    shortName: 'Oracle',
    defaultPort: 1521,
    supportsElevation: false,
    hasDomain: false,
    supportsKeys: false,
    sessionType: null,
  },
  {
    platformId: 25,
    name: 'Active Directory',
    shortName: 'AD',
    defaultPort: null,
    supportsElevation: false,
    hasDomain: true,
    supportsKeys: false,
    sessionType: 'RDP',
  },
  {
    platformId: 47,
    name: 'Amazon',
    shortName: 'AWS',
    defaultPort: null,
    supportsElevation: false,
    hasDomain: false,
    supportsKeys: false,
    sessionType: null,
  },
];

/** Kinds of managed systems, by their names in the API. */
export const ENTITY_TYPES = { asset: 1, database: 2, directory: 3, cloud: 4 } as const;
