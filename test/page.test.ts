import { mkdtemp, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AxeResults } from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { renderPage } from "../src/report/page/page.ts";
import type { Report } from "../src/report.ts";
import {
  blockedReport,
  failedRestoreReport,
  hostileReport,
  hostileTexts,
  manyFindingsReport,
  mismatchReport,
  successReport,
  warningsReport,
} from "./fixtures/reports.ts";
import { findChromium, openBrowser } from "./local/chromium.ts";

const search = await findChromium();
if ("missing" in search) console.warn(`The page is not tested in a browser. ${search.missing}`);

const phone = { width: 390, height: 844 };
const desktop = { width: 1280, height: 900 };
const address = "https://report.test/report.html";

interface OpenPage extends AsyncDisposable {
  page: Page;
  /** Everything that should not be: console errors, exceptions, requests, violations of the policy. */
  complaints(): Promise<string[]>;
}

let opened: Awaited<ReturnType<typeof openBrowser>> | undefined;
let browser: Browser;
let axe: string;
let screenshots: string;

beforeAll(async () => {
  if ("missing" in search) return;
  opened = await openBrowser(search.path);
  browser = opened.browser;
  axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  screenshots = await mkdtemp(join(tmpdir(), "report-page-"));
});

afterAll(async () => {
  await opened?.[Symbol.asyncDispose]();
  if (opened !== undefined) console.info(`Screenshots of the page are in ${screenshots}.`);
});

/** The page in a browser context of its own that answers every request but the first with nothing, and remembers it. */
async function open(report: Report, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: desktop, colorScheme: "light", ...options });
  const complaints: string[] = [];
  const html = renderPage(report);
  let served = false;
  await context.route("**/*", async (route) => {
    const url = route.request().url();
    if (url === address && !served) {
      served = true;
      await route.fulfill({ contentType: "text/html; charset=utf-8", body: html });
    } else {
      complaints.push(`request ${url}`);
      await route.abort();
    }
  });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: "https://report.test" });
  const page = await context.newPage();
  page.on("console", (message) => complaints.push(`console ${message.type()} ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`error ${error.message}`));
  page.on("dialog", (dialog) => complaints.push(`dialog ${dialog.message()}`));
  await page.addInitScript(
    "globalThis.violations = []; document.addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective + ' ' + event.blockedURI));",
  );
  await page.goto(address);
  return {
    page,
    complaints: async () => [
      ...complaints,
      ...(options.javaScriptEnabled === false ? [] : await page.evaluate<string[]>("violations")),
    ],
    [Symbol.asyncDispose]: () => context.close(),
  };
}

async function listViolations(page: Page): Promise<string[]> {
  // Rows that are not shown are the same as those that are, and 5,000 of them take the checker a minute.
  await page.evaluate("for (const row of document.querySelectorAll('[data-beyond]')) row.remove()");
  await page.evaluate(axe);
  const { violations } = await page.evaluate<AxeResults>("axe.run(document, { resultTypes: ['violations'] })");
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.slice(0, 3).map((node) => `${id}: ${help} at ${node.html.slice(0, 200)}`),
  );
}

const reports: [string, () => Report][] = [
  ["success", () => successReport(3)],
  ["success-5000", () => successReport(5_000)],
  ["warnings", warningsReport],
  ["blocked", blockedReport],
  ["failed-restore", failedRestoreReport],
  ["mismatch", mismatchReport],
  ["hostile", hostileReport],
];

const settings = (["light", "dark"] as const).flatMap((colorScheme) =>
  [phone, desktop].map((viewport) => ({ colorScheme, viewport })),
);

/** Four visits with the accessibility checker each. */
const visitsTimeoutMs = 300_000;

describe.skipIf("missing" in search)("the report page in Chromium", () => {
  test.each(reports)(
    "%s is quiet, accessible and fits, light and dark, on a phone and on a desk",
    async (name, build) => {
      for (const { colorScheme, viewport } of settings) {
        await using view = await open(build(), { colorScheme, viewport });
        const overflow = await view.page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
        expect(overflow).toBeLessThanOrEqual(0);
        await view.page.screenshot({
          path: join(screenshots, `${name}-${colorScheme}-${viewport.width}.png`),
          fullPage: true,
        });
        expect(await listViolations(view.page)).toEqual([]);
        expect(await view.complaints()).toEqual([]);
      }
    },
    visitsTimeoutMs,
  );

  test("what is folded is accessible too", async () => {
    for (const build of [successReport, failedRestoreReport, blockedReport]) {
      await using view = await open(build());
      await view.page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true");
      expect(await listViolations(view.page)).toEqual([]);
    }
  });

  test("the policy stands and lets nothing else run or load", async () => {
    await using view = await open(successReport());
    const policy = await view.page.locator('meta[http-equiv="content-security-policy"]').getAttribute("content");
    expect(policy).toMatch(
      /^default-src 'none'; script-src 'sha256-[\w+/]{43}='; style-src 'sha256-[\w+/]{43}='; img-src data:; base-uri 'none'; form-action 'none'$/u,
    );
    await view.page.evaluate(`
      const script = document.createElement("script");
      script.textContent = "document.title = 'ran'";
      const image = document.createElement("img");
      image.src = "https://elsewhere.test/a.png";
      document.body.style.cssText;
      document.body.insertAdjacentHTML("beforeend", "<p style='color: red' id='styled'>x</p>");
      document.body.append(script, image);
    `);
    await expect.poll(async () => (await view.complaints()).length).toBeGreaterThanOrEqual(3);
    expect(await view.page.title()).toBe("Migrated: acme-shop");
    expect((await view.complaints()).filter((complaint) => complaint.startsWith("request"))).toEqual([]);
  });

  test("hostile names stay text", async () => {
    await using view = await open(hostileReport());
    const count = (selector: string): Promise<number> => view.page.locator(selector).count();
    expect(await view.page.title()).toBe("Source and target differ: acme-shop");
    expect(await count("script")).toBe(1);
    expect(await count("style")).toBe(1);
    expect(await count("img, iframe, object, embed, form, base, video, audio")).toBe(0);
    expect(await count("a:not([href^='#'])")).toBe(0);
    const text = await view.page.locator("main").innerText();
    expect(text).toContain(hostileTexts[0]);
    expect(text).toContain(hostileTexts[1]);
    expect(text).not.toMatch(/[\u202A-\u202E\u2066-\u2069\u200B]|(?!\n|\t)\p{Cc}/u);
  });
});

describe.skipIf("missing" in search)("5,000 tables", () => {
  test("open fast and show the largest hundred", async () => {
    const startedAt = performance.now();
    await using view = await open(successReport(5_000));
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    await expect.poll(() => view.page.locator("#tables-table tbody tr:visible").count()).toBe(100);
    expect(await view.page.locator("#tables [role=status]").textContent()).toBe("5,000 tables, the first 100 shown");
  });

  test("are searched by keyboard", async () => {
    await using view = await open(successReport(5_000));
    const { page } = view;
    await page.locator("#tables-table-search").focus();
    await page.keyboard.type("Shipments_42");
    await expect.poll(() => page.locator("#tables [role=status]").textContent()).toMatch(/^\d+ of 5,000 tables$/u);
    const names = await page.locator("#tables-table tbody tr:visible th").allTextContents();
    expect(names.length).toBeGreaterThan(5);
    expect(names.every((name) => name.includes("shipments_42"))).toBe(true);
    await page.keyboard.press("Control+A");
    await page.keyboard.type("no such table");
    await expect.poll(() => page.locator("#tables [role=status]").textContent()).toBe("0 of 5,000 tables");
    expect(await view.complaints()).toEqual([]);
  });

  test("are sorted by keyboard, and say so", async () => {
    await using view = await open(successReport(5_000));
    const { page } = view;
    const header = page.locator("#tables-table thead th", { hasText: "rows" });
    const readRows = async (): Promise<number[]> => {
      const cells = await page.locator("#tables-table tbody tr:visible td:nth-child(3)").allTextContents();
      return cells.map((cell) => Number(cell.replaceAll(",", "")));
    };
    expect(await page.locator("#tables-table [aria-sort]").textContent()).toContain("bytes");
    await header.locator("button").focus();
    await page.keyboard.press("Enter");
    expect(await header.getAttribute("aria-sort")).toBe("descending");
    const descending = await readRows();
    expect(descending).toEqual(descending.toSorted((a, b) => b - a));
    await page.keyboard.press("Space");
    expect(await header.getAttribute("aria-sort")).toBe("ascending");
    const ascending = await readRows();
    expect(ascending).toEqual(ascending.toSorted((a, b) => a - b));
    expect(ascending[0]).toBeLessThan(descending.at(-1) ?? 0);
    expect(await page.locator("#tables-table [aria-sort]").count()).toBe(1);
  });

  test("all show on request", async () => {
    await using view = await open(successReport(5_000));
    const more = view.page.locator("#tables .more");
    expect(await more.textContent()).toBe("Show all 5,000");
    await more.press("Enter");
    expect(await view.page.locator("#tables-table tbody tr:not([data-beyond])").count()).toBe(5_000);
    expect(await more.isVisible()).toBe(false);
  });
});

describe.skipIf("missing" in search)("ways to read it", () => {
  test("by keyboard: the skip link leads past the head", async () => {
    await using view = await open(successReport());
    await view.page.keyboard.press("Tab");
    expect(await view.page.evaluate<string>("document.activeElement.textContent")).toBe("Skip to the report");
    await view.page.keyboard.press("Enter");
    expect(new URL(view.page.url()).hash).toBe("#main");
  });

  test("SQL is copied as it is", async () => {
    await using view = await open(blockedReport());
    await view.page.locator("#findings .copy").first().click();
    await expect.poll(() => view.page.locator("#findings .copy").first().textContent()).toBe("Copied");
    expect(await view.page.evaluate<string>("navigator.clipboard.readText()")).toBe(
      blockedReport().checks.flatMap((check) => check.findings)[0]?.sql,
    );
  });

  test("on paper: everything but a long log is unfolded, and folded again afterwards", async () => {
    await using view = await open(successReport());
    const { page } = view;
    const folded = page.locator("details:not([open])");
    const before = await folded.count();
    expect(before).toBeGreaterThan(3);
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    expect(await folded.count()).toBe(0);
    await page.emulateMedia({ media: "print" });
    expect(await page.locator("nav").isVisible()).toBe(false);
    expect(await page.locator("#timeline svg").isVisible()).toBe(true);
    await page.evaluate("dispatchEvent(new Event('afterprint'))");
    expect(await folded.count()).toBe(before);
    const pdf = await page.pdf({ path: join(screenshots, "success.pdf"), format: "A4" });
    expect(pdf.subarray(0, 5).toString()).toBe("%PDF-");
  });

  test("on paper a log of thousands of lines stays a file", async () => {
    await using view = await open(successReport(5_000));
    await view.page.evaluate("dispatchEvent(new Event('beforeprint'))");
    expect(await view.page.locator("#restore details:not([open])").count()).toBeGreaterThan(0);
    expect(await view.page.locator("#plan details:not([open])").count()).toBe(0);
  });

  test("without scripts: every row is there, and nothing that would not work", async () => {
    await using view = await open(successReport(300), { javaScriptEnabled: false });
    expect(await view.page.locator("#tables-table tbody tr:visible").count()).toBe(300);
    expect(await view.page.locator("button:visible, input:visible").count()).toBe(0);
    expect(await view.complaints()).toEqual([]);
  });

  test("100,000 findings leave a page that opens", async () => {
    await using view = await open(manyFindingsReport(100_000));
    expect(await view.page.locator("article.finding").count()).toBe(500);
    expect(await view.page.locator("#findings").innerText()).toContain("99,504 more findings");
  });
});
