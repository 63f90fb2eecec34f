import { PLATFORMS } from './platforms.ts';
import type { ManagedSystem, Systems } from './systems.ts';

/** A machine, by the names of the API. */
export interface Asset {
  readonly WorkgroupID: number;
  readonly AssetID: number;
  readonly AssetName: string;
  readonly DnsName: string | null;
  readonly DomainName: string | null;
  readonly IPAddress: string;
  readonly MacAddress: string | null;
  readonly AssetType: string | null;
  readonly OperatingSystem: string | null;
  readonly Description: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

const FLEET_CREATED_AT = Date.UTC(2025, 0, 1);

const assetOf = (system: ManagedSystem): Asset[] =>
  system.AssetID === null
    ? []
    : [
        {
          WorkgroupID: system.WorkgroupID,
          AssetID: system.AssetID,
          AssetName: system.SystemName,
          DnsName: system.DnsName,
          DomainName: system.NetBiosName,
          IPAddress: system.IPAddress ?? '',
          MacAddress: null,
          AssetType: 'Server',
          OperatingSystem: PLATFORMS.find(({ platformId }) => platformId === system.PlatformID)?.name ?? null,
          Description: null,
          createdAt: FLEET_CREATED_AT,
          updatedAt: FLEET_CREATED_AT,
        },
      ];

/** The assets: one of each system of the fleet that is on one, and those that callers created. */
export class Assets {
  readonly #systems: Systems;
  #byId: Map<number, Asset> | undefined;
  #lastId = 0;

  constructor(systems: Systems) {
    this.#systems = systems;
  }

  all(): readonly Asset[] {
    return [...this.#index().values()];
  }

  byId(assetId: number): Asset | undefined {
    return this.#index().get(assetId);
  }

  ofWorkgroup(workgroupId: number): readonly Asset[] {
    return this.all().filter(({ WorkgroupID }) => WorkgroupID === workgroupId);
  }

  add(asset: Omit<Asset, 'AssetID'>): Asset {
    const index = this.#index();
    this.#lastId += 1;
    const added = { ...asset, AssetID: this.#lastId };
    index.set(added.AssetID, added);
    return added;
  }

  replace(asset: Asset): void {
    this.#index().set(asset.AssetID, asset);
  }

  remove(assetId: number): void {
    this.#index().delete(assetId);
  }

  #index(): Map<number, Asset> {
    if (this.#byId !== undefined) return this.#byId;
    const assets = this.#systems.all().flatMap(assetOf);
    this.#lastId = assets.reduce((last, { AssetID }) => Math.max(last, AssetID), 0);
    this.#byId = new Map(assets.map((asset) => [asset.AssetID, asset]));
    return this.#byId;
  }
}
