/**
 * Certificates of a server that runs: loaded before it opens, looked at again and again, so that one that
 * was renewed is taken up without anybody doing anything, and told of in the log before it expires.
 */
import type { TlsOptions } from 'node:tls';
import { Certificates, type CertificateSettings, stampOf } from '../access/certificates.ts';
import { systemClock } from '../base/clock.ts';
import type { Config } from '../config/settings.ts';
import type { Log } from '../telemetry/log.ts';

/** Between looks at the files, milliseconds. */
const usualLookMs = 10_000;
/** From so many days before the end on, the log has a warning every day. */
export const soonDays = 14;

export interface SecuringOptions {
  /** Absent: ten seconds. */
  readonly lookMs?: number;
}

export class Securing {
  readonly #log: Log;
  readonly #lookMs: number;
  readonly #certificates: Certificates;
  #settings: CertificateSettings;
  /** The files as they were when they were taken up, and as they were at the last look. */
  #takenUp: string;
  #seen: string;
  #told = { days: Infinity, refusal: '' };
  #secure: (tls: TlsOptions) => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;

  private constructor(settings: CertificateSettings, log: Log, lookMs: number) {
    // Before the files are read, so that a change in between is found.
    this.#takenUp = this.#seen = stampOf(settings);
    this.#certificates = Certificates.load(settings, systemClock);
    this.#settings = settings;
    this.#log = log;
    this.#lookMs = lookMs;
  }

  /**
   * Undefined where no listener uses TLS.
   * @throws {CertificateError} when what the configuration names cannot be used
   */
  static load(config: Config, log: Log, { lookMs }: SecuringOptions = {}): Securing | undefined {
    if (!usesTls(config)) return undefined;
    const securing = new Securing(config.tls, log, lookMs ?? usualLookMs);
    log.info(securing.#fields, 'certificate.loaded');
    securing.#warn();
    return securing;
  }

  get options(): TlsOptions {
    return this.#certificates.options;
  }

  /** When the certificate in use expires, milliseconds since 1970. */
  get expiresAtMs(): number {
    return this.#certificates.expiresAtMs;
  }

  /** From now on `secure` is called with every certificate that takes the place of another. */
  watch(secure: (tls: TlsOptions) => void): void {
    this.#secure = secure;
    this.#timer = setInterval(() => this.#look(), this.#lookMs);
  }

  /** Takes up at once what another configuration names. What cannot be used is refused, and told. */
  renew({ tls }: Config): void {
    // A listener with TLS keeps it, and keeps asking for certificates or not, until a restart.
    if (tls.certificate === undefined || tls.key === undefined) return;
    const { certificate, key } = tls;
    const { clientCa: old } = this.#settings;
    const clientCa = old === undefined ? undefined : (tls.clientCa ?? old);
    this.#settings = { certificate, key, ...(clientCa !== undefined && { clientCa }) };
    this.#told.refusal = '';
    this.#reload(stampOf(this.#settings));
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    this.#warn();
    const stamp = stampOf(this.#settings);
    if (stamp === this.#takenUp) return;
    // Certificate and key are written one after the other: they are read once nothing moves any more.
    if (stamp === this.#seen) this.#reload(stamp);
    this.#seen = stamp;
  }

  #reload(stamp: string): void {
    const reloaded = this.#certificates.reload(this.#settings);
    if (reloaded.kind === 'failed') {
      // Tried again at every look: what is not valid yet will be, without any change of the file.
      const { error } = reloaded;
      if (error.message !== this.#told.refusal) {
        this.#log.error({ err: error, ...this.#fields }, 'certificate.refused');
      }
      this.#told.refusal = error.message;
      return;
    }
    this.#takenUp = this.#seen = stamp;
    this.#told.refusal = '';
    if (reloaded.kind === 'same') return;
    this.#secure(this.#certificates.options);
    this.#log.info(this.#fields, 'certificate.renewed');
    this.#told.days = Infinity;
    this.#warn();
  }

  /** Every day as the end comes nearer, and after it. */
  #warn(): void {
    const { daysLeft } = this.#certificates;
    if (daysLeft >= soonDays || daysLeft === this.#told.days) return;
    this.#told.days = daysLeft;
    if (daysLeft < 0) this.#log.error(this.#fields, 'certificate.expired');
    else this.#log.warn(this.#fields, 'certificate.expiring');
  }

  /** The certificate in use. */
  get #fields(): { expires: string; daysLeft: number; fingerprint: string } {
    const { expiresAtMs, daysLeft, fingerprint } = this.#certificates;
    return { expires: new Date(expiresAtMs).toISOString(), daysLeft, fingerprint };
  }
}

/** Whether any listener of this configuration uses TLS. */
export function usesTls({ feed, http }: Config): boolean {
  return feed.tls || (http.enabled && http.tls);
}
