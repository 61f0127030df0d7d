/**
 * What a scraper reads: the text form of Prometheus (version 0.0.4) as values by name and labels.
 */

export interface Family {
  readonly type: string;
  readonly help: string;
  /** Values by their labels as written: `source="pbx",state="up"`; of a histogram, with its suffix first. */
  readonly values: Map<string, number>;
}

export class Scrape {
  readonly families = new Map<string, Family>();

  /** @throws {Error} for a line that is in no form known, or a value of no family */
  constructor(text: string) {
    const helps = new Map<string, string>();
    for (const line of text.split('\n')) {
      if (line === '') continue;
      const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
      if (kind === 'HELP') {
        helps.set(name, rest);
        continue;
      }
      if (kind === 'TYPE') {
        const help = helps.get(name) ?? '';
        if (this.families.has(name)) throw new Error(`${name} comes twice`);
        this.families.set(name, { type: rest, help, values: new Map() });
        continue;
      }
      const sample = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
      if (sample === null) throw new Error(`not a line of a scrape: ${line}`);
      const [, full = '', labels = '', value = ''] = sample;
      const family = full.replace(/_(bucket|sum|count)$/, '');
      const own = this.families.get(full);
      const whole = own ?? this.families.get(family);
      if (whole === undefined) throw new Error(`${full} has no TYPE`);
      const suffix = own === undefined ? full.slice(family.length) : '';
      const key = [suffix, labels].filter((part) => part !== '').join(' ');
      if (whole.values.has(key)) throw new Error(`${line} comes twice`);
      whole.values.set(key, Number(value));
    }
  }

  /** The value with these labels, as written; undefined when there is none. */
  value(name: string, labels = ''): number | undefined {
    return this.families.get(name)?.values.get(labels);
  }

  /** The values of all labels together; 0 when there are none. */
  sum(name: string): number {
    const values = this.families.get(name)?.values.values() ?? [];
    return [...values].reduce((sum, value) => sum + value, 0);
  }
}

/** Reads `/metrics` of a server. */
export async function scrape(httpPort: number, token?: string): Promise<Scrape> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`http://127.0.0.1:${httpPort}/metrics`, { headers });
  if (response.status !== 200) throw new Error(`answered with ${response.status}`);
  return new Scrape(await response.text());
}
