/**
 * Screen captures, asked for over HTTP: one request to the configured address for each that is to begin or end,
 * sent as webhooks are, so that it goes to allowed addresses only.
 */
import type { ScreenCaptureSettings } from '../config/settings.ts';
import type { CaptureOutcome } from '../face/notifying.ts';
import type { CaptureTarget } from '../face/policies.ts';
import { createSender } from '../webhook/sender.ts';
import type { FailureClass, Sender } from '../webhook/sending.ts';

/** Requests under way at one time. */
const connections = 16;

export class ScreenCapture {
  /** From here on these settings hold. */
  settings: ScreenCaptureSettings;
  readonly #sender: Sender;

  /** @param sender absent: one that checks where it connects to */
  constructor(settings: ScreenCaptureSettings, sender?: Sender) {
    this.settings = settings;
    const allowedBy = 'screenCapture.allow';
    this.#sender = sender ?? createSender({ connections, allowedBy });
  }

  /** Never rejects. */
  async capture(action: 'start' | 'stop', target: CaptureTarget): Promise<CaptureOutcome> {
    const { startUrl, stopUrl, timeoutMs, token, allow } = this.settings;
    const template = action === 'start' ? startUrl : stopUrl;
    if (template === undefined) return { kind: 'not-configured' };
    const strange = Object.values(target).find(isStep);
    if (strange !== undefined) {
      const reason = `"${strange}" is the name of no session, agent or screen.`;
      return { kind: 'failed', reason, detail: reason, status: 400 };
    }
    const request = {
      method: 'POST',
      url: filled(template, target),
      headers: {
        'content-type': 'application/json',
        'user-agent': 'offhook',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ action, ...wellFormed(target) }),
    } as const;
    const outcome = await this.#sender.send(request, { timeoutMs, allowAddresses: allow });
    if (outcome.kind === 'failed') {
      const { error, detail } = outcome;
      const status = error === 'timeout' ? 504 : 502;
      return { kind: 'failed', reason: words[error], detail, status };
    }
    const { status, answer } = outcome;
    if (status >= 200 && status < 300) return { kind: 'done' };
    const reason = `The screen capture system answered with status ${status}.`;
    const detail = answer === '' ? reason : `${reason} ${answer}`;
    return { kind: 'failed', reason, detail, status: 502 };
  }

  /** Ends what is under way. */
  close(): Promise<void> {
    return this.#sender.close();
  }
}

/** For those who asked, who need not know where we have looked. */
const words: Readonly<Record<FailureClass, string>> = {
  dns: 'The screen capture system cannot be reached.',
  address: 'The screen capture system cannot be reached.',
  connect: 'The screen capture system cannot be reached.',
  tls: 'The screen capture system cannot be trusted.',
  reset: 'The screen capture system cut the connection.',
  timeout: 'The screen capture system did not answer in time.',
  protocol: 'The screen capture system gave no proper answer.',
  request: 'The screen capture system cannot be asked for this.',
};

/** The address with the values in their places; what is not known is empty. */
function filled(template: string, target: CaptureTarget): string {
  const values = new Map<string, string>(Object.entries(wellFormed(target)));
  return template.replaceAll(/\{\{(\w+)\}\}/g, (_whole, name: string) =>
    encodeURIComponent(values.get(name) ?? ''),
  );
}

/** Steps of a path that no encoding hides: whoever reads `/start/..` may find something else there. */
function isStep(text: string): boolean {
  return text === '.' || text === '..';
}

function wellFormed(target: CaptureTarget): CaptureTarget {
  const texts = Object.entries(target).map(([name, text]: [string, string]) => [
    name,
    text.toWellFormed(),
  ]);
  return Object.fromEntries(texts);
}
