import type { OidcConfig } from '@tenon/config';

/** What signing in has to know about this installation. */
export interface IdentitySettings {
  /** Scheme, host and port under which browsers reach the api; without it the Host header counts. */
  readonly origin: string | undefined;
  /** Where the api is mounted: the origin and a path. */
  readonly publicUrl: string | undefined;
  /** Over HTTPS cookies are `Secure` and carry the `__Host-` prefix. */
  readonly secure: boolean;
  /** A session that nobody uses ends after this time, in seconds. */
  readonly idleS: number;
  /** A session ends after this time, in seconds. */
  readonly lifetimeS: number;
  readonly oidc: OidcConfig | undefined;
}

export interface IdentityOptions {
  readonly publicUrl?: string | undefined;
  readonly sessions?: { readonly idleS: number; readonly lifetimeS: number };
  readonly oidc?: OidcConfig | undefined;
}

const defaultIdleS = 12 * 3_600;
const defaultLifetimeS = 7 * 86_400;

export function identitySettings({ publicUrl, sessions, oidc }: IdentityOptions): IdentitySettings {
  const url = publicUrl === undefined ? undefined : new URL(publicUrl);
  return {
    origin: url?.origin,
    publicUrl,
    secure: url?.protocol === 'https:',
    idleS: sessions?.idleS ?? defaultIdleS,
    lifetimeS: sessions?.lifetimeS ?? defaultLifetimeS,
    oidc,
  };
}
