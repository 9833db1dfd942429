// Looks at reports in a real browser. Usage: node report.mjs <chromium> <folder with shop.html, hostile.html, empty.html>
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";

import { chromium } from "playwright-core";

const [, , executablePath, folder] = process.argv;
const profile = mkdtempSync(join(tmpdir(), "seaworthy-browser-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
after(async () => {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
});

const address = (name) => pathToFileURL(join(folder, `${name}.html`)).href;
const visible = (page, selector) => page.locator(`${selector}:visible`).count();
const total = (page) => page.locator("#roadmap .phase .entry").count();

// Opens a report, and fails at its end when it asked for anything or complained about anything.
async function open(name, { hash = "", width = 1280, scheme = "light", script = true } = {}) {
  const page = script
    ? await context.newPage()
    : await (await context.browser().newContext({ javaScriptEnabled: false })).newPage();
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({ colorScheme: scheme });
  const complaints = [];
  page.on("console", (message) => complaints.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`error: ${error}`));
  page.on("dialog", (dialog) => (complaints.push(`dialog: ${dialog.message()}`), dialog.dismiss()));
  page.on("request", (request) => {
    if (!request.url().startsWith(address(name))) complaints.push(`request: ${request.url()}`);
  });
  await page.goto(address(name) + hash);
  return { page, complaints };
}

function onPage(title, name, options, look) {
  test(title, async () => {
    const { page, complaints } = await open(name, options);
    try {
      await look(page);
      assert.deepEqual(complaints, []);
    } finally {
      await page.close();
    }
  });
}

// The filter acts a moment after the last key.
async function settled(page, text) {
  await page.waitForFunction((text) => document.getElementById("state").textContent === text, text, { timeout: 5000 });
}

onPage("all findings are counted, and the first change is open", "shop", {}, async (page) => {
  const all = await total(page);
  assert.ok(all > 20, `${all}`);
  assert.equal(await page.locator("#state").textContent(), `${all} findings`);
  assert.equal(await visible(page, "details.change[open]"), 1);
  assert.ok((await visible(page, "details.change")) > 3);
});

onPage("a severity can be left out", "shop", {}, async (page) => {
  const all = await total(page);
  const critical = await page.locator('.phase .entry[data-severity="critical"]').count();
  assert.ok(critical > 0 && critical < all);
  for (const severity of ["high", "medium", "low"]) await page.getByRole("checkbox", { name: severity }).uncheck();
  await settled(page, `${critical} of ${all} findings`);
  assert.equal(await visible(page, ".phase .entry"), critical);
  assert.equal(await visible(page, '.phase .entry:not([data-severity="critical"])'), 0);
  assert.equal(new URL(page.url()).hash, "#severity=critical");
  const counts = await page.locator("details.control:visible > summary .count").allTextContents();
  assert.ok(counts.length > 0 && counts.every((text) => /^\d+ (of \d+ )?findings?$/.test(text)), counts.join());
});

onPage("phase, family and namespace choose, and reset brings everything back", "shop", {}, async (page) => {
  const all = await total(page);
  const choices = [
    ["Phase", "next-step", (entry) => entry.closest("[data-phase]").dataset.phase === "next-step"],
    ["Family", "secrets", (entry) => entry.closest("[data-family]").dataset.family === "secrets"],
    ["Namespace", "accounts", (entry) => entry.dataset.namespace === "accounts"],
  ];
  for (const [label, value, wanted] of choices) {
    const expected = await page
      .locator(".phase .entry")
      .evaluateAll((entries, wanted) => entries.filter(eval(wanted)).length, String(wanted));
    assert.ok(expected > 0 && expected < all, `${label}: ${expected}`);
    await page.getByLabel(label, { exact: true }).selectOption(value);
    await settled(page, `${expected} of ${all} findings`);
    assert.equal(await visible(page, ".phase .entry"), expected);
    await page.getByRole("button", { name: "Reset" }).click();
    await settled(page, `${all} findings`);
    assert.equal(new URL(page.url()).hash, "");
    assert.equal(await page.locator(".entry[hidden]").count(), 0);
  }
});

onPage("a search looks at subjects, files, controls and their names elsewhere", "shop", {}, async (page) => {
  const all = await total(page);
  for (const words of ["ledger", "SHOP.yaml nginx", "pods/privileged", "C-0057"]) {
    await page.getByLabel("Search").fill(words);
    await page.waitForFunction((all) => document.getElementById("state").textContent !== `${all} findings`, all);
    const found = await visible(page, ".phase .entry");
    assert.ok(found > 0 && found < all, `${words}: ${found} of ${all}`);
    await page.getByLabel("Search").fill("");
    await settled(page, `${all} findings`);
  }
  await page.getByLabel("Search").fill("no such thing anywhere");
  await settled(page, `0 of ${all} findings`);
  assert.ok(await page.getByText("Nothing matches the filter.").isVisible());
});

onPage("the address holds the filter", "shop", { hash: "#q=ledger&severity=critical%2Chigh&unknown=hidden" }, async (page) => {
  assert.equal(await page.getByLabel("Search").inputValue(), "ledger");
  assert.ok(await page.getByRole("checkbox", { name: "critical" }).isChecked());
  assert.ok(!(await page.getByRole("checkbox", { name: "low" }).isChecked()));
  assert.ok(!(await page.getByRole("checkbox", { name: "unknown" }).isChecked()));
  assert.match(await page.locator("#state").textContent(), /^\d+ of \d+ findings$/);
  await page.evaluate(() => (location.hash = "#namespace=shop"));
  await page.waitForFunction(() => document.getElementById("namespace").value === "shop");
  assert.equal(await page.getByLabel("Search").inputValue(), "");
  assert.ok(await page.getByRole("checkbox", { name: "low" }).isChecked());
});

onPage("unknown and excepted can be left out", "shop", {}, async (page) => {
  for (const kind of ["unknown", "excepted"]) {
    assert.ok(await page.locator(`#${kind}`).isVisible());
    await page.getByRole("checkbox", { name: kind }).uncheck();
    await page.waitForFunction((kind) => document.getElementById(kind).hidden, kind);
    await page.getByRole("checkbox", { name: kind }).check();
    await page.waitForFunction((kind) => !document.getElementById(kind).hidden, kind);
  }
});

onPage("an address of a control unfolds it", "shop", { hash: "#pods/privileged" }, async (page) => {
  const control = page.locator('[id="pods/privileged"]');
  assert.ok(await control.locator(".quote").first().isVisible());
  assert.match(await control.locator("mark").first().textContent(), /privileged: true/);
});

onPage("the keyboard reaches every filter, and its place shows", "shop", {}, async (page) => {
  const wanted = new Set(["q", "severity", "phase", "family", "namespace", "show"]);
  for (let step = 0; step < 60 && wanted.size > 0; step += 1) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const element = document.activeElement;
      return { name: element.name, labelled: element.labels?.length > 0, outline: getComputedStyle(element).outlineStyle };
    });
    if (wanted.delete(at.name)) {
      assert.ok(at.labelled, `${at.name} has a label`);
      assert.notEqual(at.outline, "none", `${at.name} shows that it has the focus`);
    }
  }
  assert.deepEqual([...wanted], []);
  const summary = page.locator("details.change:not([open]) > summary").first();
  await summary.focus();
  const details = await summary.evaluateHandle((element) => element.parentElement);
  await page.keyboard.press("Enter");
  assert.ok(await details.evaluate((element) => element.open));
});

onPage("an edit can be copied", "shop", { hash: "#pods/privileged" }, async (page) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const example = page.locator(".example:visible").first();
  const button = example.getByRole("button", { name: "Copy" });
  await button.click();
  await example.getByRole("button", { name: "Copied" }).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(copied, await example.locator("pre").textContent());
  assert.match(copied, /^\w+:\n/);
});

for (const name of ["shop", "hostile", "empty"]) {
  for (const width of [400, 1280]) {
    onPage(`${name} fits into ${width} pixels`, name, { width }, async (page) => {
      await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
      const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(content <= window, `${content} > ${window}`);
    });
  }
}

onPage("hostile names are text", "hostile", {}, async (page) => {
  await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  assert.equal(await page.locator("img, iframe, svg[onload], b, [onclick], [onerror]").count(), 0);
  assert.equal(await page.locator("script").count(), 1);
  const text = await page.locator("body").innerText();
  for (const name of ["<img src=x onerror=window.pwned=1>", "</script><script>window.pwned=1</script>"]) {
    assert.ok(text.includes(name), name);
  }
  assert.ok(text.includes("\\u{202e}gnorw\\u{2066}"), "changes of direction are spelt out");
  assert.doesNotMatch(text, /[\u202a-\u202e\u2066-\u2069\u200b]/);
  await page.getByLabel("Namespace").selectOption('"><svg onload=window.pwned=1>');
  await page.waitForFunction(() => location.hash.startsWith("#namespace="));
  await page.reload();
  assert.equal(await page.getByLabel("Namespace").inputValue(), '"><svg onload=window.pwned=1>');
  assert.equal(await page.evaluate(() => window.pwned), undefined);
});

onPage("a hostile address is no markup either", "hostile", { hash: "#q=%3Cimg%20src=x%20onerror=window.pwned=1%3E&namespace=%00" }, async (page) => {
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  assert.equal(await page.getByLabel("Namespace").inputValue(), "");
});

test("the policy refuses what is not the report's own", async () => {
  const { page, complaints } = await open("shop");
  assert.deepEqual(complaints, []);
  const policy = await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute("content");
  assert.match(policy, /^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+';/);
  const refused = await page.evaluate(async () => {
    const refused = [];
    addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
    const script = document.createElement("script");
    script.textContent = "window.pwned = 1";
    const image = document.createElement("img");
    image.src = "https://example.com/x.png";
    const inline = document.createElement("div");
    inline.innerHTML = '<p onclick="window.pwned = 1" style="color: red">x</p>';
    document.body.append(script, image, inline);
    inline.firstChild.click();
    await fetch("https://example.com/").catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 200));
    return refused;
  });
  for (const directive of ["script-src-elem", "script-src-attr", "style-src-attr", "img-src", "connect-src"]) {
    assert.ok(refused.includes(directive), `${directive} in ${refused}`);
  }
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  await page.close();
});

test("light and dark follow the reader, with enough contrast", async () => {
  const luminance = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue].map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const papers = [];
  for (const scheme of ["light", "dark"]) {
    const { page } = await open("shop", { scheme });
    const colors = await page.evaluate(() => {
      const numbers = (color) => color.match(/\d+/g).slice(0, 3).map(Number);
      const color = (selector, property) => numbers(getComputedStyle(document.querySelector(selector))[property]);
      const texts = ["body", ".read", ".count", ".card p", ...["critical", "high", "medium", "low"].map((s) => `.severity.${s}`)];
      return {
        paper: color("body", "backgroundColor"),
        card: color(".card", "backgroundColor"),
        texts: texts.map((selector) => [selector, color(selector, "color")]),
      };
    });
    papers.push(luminance(colors.paper));
    for (const [selector, text] of colors.texts) {
      for (const ground of [colors.paper, colors.card]) {
        const [low, high] = [luminance(text), luminance(ground)].sort((a, b) => a - b);
        const contrast = (high + 0.05) / (low + 0.05);
        // WCAG 2.2, success criterion 1.4.3.
        assert.ok(contrast >= 4.5, `${selector} in ${scheme}: ${contrast.toFixed(2)}`);
      }
    }
    await page.close();
  }
  assert.ok(papers[0] > 0.8 && papers[1] < 0.1, papers.join());
});

onPage("without its script the page is complete and unfolded", "shop", { script: false }, async (page) => {
  const hidden = await page.locator("#roadmap .phase .entry:not(:visible)").count();
  assert.equal(hidden, 0);
  assert.ok((await total(page)) > 20);
  assert.equal(await page.locator("#filters").isVisible(), false);
  assert.equal(await visible(page, "#unknown .entry"), await page.locator("#unknown .entry").count());
});

onPage("paper shows every finding and no controls of the screen", "shop", {}, async (page) => {
  const all = await total(page);
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  await page.emulateMedia({ media: "print" });
  assert.equal(await visible(page, ".phase .entry"), all);
  assert.equal(await visible(page, ":is(#filters, .copyable button)"), 0);
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  assert.equal(await page.locator("details.change[open]").count(), 1);
});

onPage("credentials are not in the page", "shop", {}, async (page) => {
  const source = await page.content();
  assert.doesNotMatch(source, /geheim/);
  assert.match(source, /&lt;redacted&gt;/);
});

onPage("nothing read is no success", "empty", {}, async (page) => {
  const text = await page.locator("body").innerText();
  assert.match(text, /nothing was evaluated/i);
  assert.equal(await page.locator("#filters").count(), 0);
});
