// The dashboard's behaviour: a figure that is chosen opens to its growth and its records; states are kept fresh.
"use strict";

const year = document.currentScript.dataset.year;
const labels = JSON.parse(document.getElementById("labels").textContent);
const panel = Object.fromEntries(["chosen", "chosen-value", "chart", "list", "more"].map((id) => [id, document.getElementById(id)]));
const stale = document.getElementById("stale");
const rows = [...document.querySelectorAll("tr[data-code]")];
// Behind a gateway this page may stand at / or at /reporting/; the other services are beside reporting.
const services = /\/reporting\/?$/.test(location.pathname) ? location.pathname.replace(/reporting\/?$/, "") : "./";
const REFRESH = 5000;
const PAGE = 30;
let chart = null;
let opened = 0;
let fresh = new Date();

const at = (code) => `years/${year}/indicators/${encodeURIComponent(code)}`;
const inShanghai = (moment) => moment.toLocaleString("sv-SE", { timeZone: "Asia/Shanghai" });
const commas = (text) => text.replace(/^-?\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));

async function get(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" } });
  if (answer.status === 401) location.reload();
  if (!answer.ok) throw new Error((await answer.json()).detail);
  return answer.json();
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

async function open(row) {
  const mine = ++opened;
  rows.forEach((other) => other.classList.toggle("on", other === row));
  const { code, name, unit, target } = row.dataset;
  panel.chosen.textContent = name;
  const value = element("b", "", row.querySelector("[data-is=value]").textContent);
  panel["chosen-value"].replaceChildren(value, ` ${unit}`, target ? `　目标 ${commas(target)} ${unit}` : "");
  panel.list.replaceChildren();
  panel.more.hidden = true;
  try {
    const [growth] = await Promise.all([get(`${at(code)}/months`), more(code, null, mine)]);
    if (mine === opened) draw(growth.months, row.dataset);
  } catch (error) {
    if (mine !== opened) return;
    panel.list.replaceChildren(element("li", "text", error.message));
    if (chart) chart.clear();
    panel.chart.setAttribute("aria-label", "没有图表");
  }
}

function draw(months, { name, unit, target }) {
  const values = months.map((month) => (month.value === null ? null : Number(month.value)));
  chart ||= echarts.init(panel.chart, null, { renderer: "canvas" });
  const spoken = months.filter((month) => month.value !== null).map((month) => `${Number(month.month.slice(5))}月 ${month.value}`);
  panel.chart.setAttribute("aria-label", `${name}逐月累计（${unit}）：${spoken.join("，")}${target ? `；目标 ${target}` : ""}`);
  chart.setOption({
    animationDuration: 500,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    grid: { left: 8, right: 16, top: 34, bottom: 4, containLabel: true },
    xAxis: {
      type: "category", data: months.map((month) => `${Number(month.month.slice(5))}月`),
      axisTick: { show: false }, axisLine: { lineStyle: { color: "#dccbbd" } }, axisLabel: { color: "#857166", fontSize: 11 },
    },
    yAxis: {
      type: "value", max: unit === "%" ? 100 : undefined, minInterval: unit === "万元" ? 0 : 1, name: `逐月累计（${unit}）`,
      nameTextStyle: { color: "#857166", align: "left", padding: [0, 0, 4, -22] },
      splitLine: { lineStyle: { color: "#f3e8dd" } }, axisLabel: { color: "#857166", fontSize: 11 },
    },
    series: [
      {
        name: "累计", type: "bar", data: values, barWidth: "58%",
        itemStyle: {
          borderRadius: [4, 4, 0, 0],
          color: new echarts.graphic.LinearGradient(0, 0, 0, 1, [{ offset: 0, color: "#a8252f" }, { offset: 1, color: "#e9a063" }]),
        },
        label: {
          show: true, position: "top", color: "#857166", fontSize: 10, textBorderColor: "#fffdfa", textBorderWidth: 3,
          formatter: ({ value }) => short(value),
        },
      },
      {
        name: "目标", type: "line", data: target ? months.map(() => Number(target)) : [], symbol: "none", silent: true, z: 1,
        lineStyle: { type: "dashed", color: "#b98a4b", width: 1.5 },
      },
    ],
  }, true);
}

const short = (value) => (value >= 10000 ? `${(value / 10000).toFixed(1)}万` : `${Math.round(value * 10) / 10}`);

async function more(code, cursor, mine) {
  const page = await get(`${at(code)}/events?limit=${PAGE}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
  if (mine !== opened) return;
  panel.list.append(...page.items.map(entry));
  if (!page.items.length && !cursor) panel.list.append(element("li", "text", "还没有记录"));
  panel.more.hidden = !page.next_cursor;
  panel.more.onclick = () => more(code, page.next_cursor, mine);
}

function entry(event) {
  const item = element("li");
  const head = element("div", "head");
  const link = element("a", "", "查看记录");
  link.href = `${services}${event.record.service}${event.record.path}`;
  link.target = "_blank";
  head.append(element("b", "", `${event.occurredon}　${event.title}`), link);
  const place = `${labels.services[event.source] || event.source} 第 ${commas(String(event.position))} 条`;
  item.append(head, element("div", "text", text(event.labelled)), element("div", "place", place));
  return item;
}

function text(fields) {
  return fields.map(({ label, value }) => (value === "是" ? label : `${label} ${value}`)).join("，");
}

function mark(place, item) {
  const made = element("span", `state ${item.state}`, labels.states[item.state]);
  if (item.reason) made.title = item.reason;
  place.replaceChildren(made);
}

function put(place, text) {
  if (place && place.textContent !== text) place.textContent = text;
}

async function refresh() {
  if (document.hidden) return;
  const data = await get(`years/${year}/indicators`).catch(() => null);
  stale.hidden = data !== null;
  if (!data) {
    put(stale, `暂时取不到新数据：以下是 ${inShanghai(fresh)} 时的情况，此后可能已有变化`);
    return;
  }
  fresh = new Date();
  show(data);
}

function show(data) {
  let reached = 0;
  for (const item of data.items) {
    const row = rows.find((other) => other.dataset.code === item.code);
    const share = item.target && item.value !== null ? Math.floor((Number(item.value) * 100) / Number(item.target) + 1e-9) : null;
    reached += share !== null && share >= 100;
    const value = row.querySelector("[data-is=value]");
    put(value, item.printed === null ? "—" : commas(item.printed));
    value.title = item.printed === item.value ? "" : `准确值 ${commas(item.value)} ${item.unit}`;
    put(row.querySelector("[data-is=remark]"), item.remark || "");
    mark(row.querySelector("[data-is=state]"), item);
    if (share === null) continue;
    put(row.querySelector("[data-is=progress]"), String(share));
    row.querySelector("[data-is=bar]").style.width = `${Math.min(share, 100)}%`;
    row.querySelector(".bar").classList.toggle("full", share >= 100);
  }
  put(document.getElementById("complete"), String(data.items.filter((item) => item.state === "complete").length));
  put(document.getElementById("reached"), String(reached));
  put(document.getElementById("events"), commas(String(data.sources.reduce((sum, source) => sum + source.position, 0))));
  data.sources.forEach(refreshSource);
  showContradictions(data.contradictions.filter((found) => found.open));
}

function showContradictions(found) {
  const section = document.getElementById("contradictions");
  section.hidden = !found.length;
  section.querySelector("[data-is=links]").replaceChildren(...found.flatMap(({ source, open: count, path }) => {
    const link = element("a", "", `${labels.services[source]} ${count} 处`);
    Object.assign(link.dataset, { service: source, path });
    link.href = services + source + path;
    return [link, " "];
  }));
}

function refreshSource(source) {
  const card = document.querySelector(`[data-source="${source.source}"]`);
  const part = (name) => card.querySelector(`[data-is=${name}]`);
  const { position, head_position: head } = source;
  mark(part("state"), source);
  put(part("position"), commas(String(position)));
  put(part("head"), head === null ? "未知" : commas(String(head)));
  put(part("reason"), source.reason || "");
  part("bar").style.width = `${head ? Math.floor((100 * position) / head) : head === null ? 0 : 100}%`;
  part("parked").hidden = !source.parked;
  put(part("parked"), `搁置 ${source.parked}`);
  put(part("chain"), source.chain.slice(0, 12));
  part("chain").title = source.chain;
  if (source.last_event) put(part("last"), inShanghai(new Date(source.last_event)));
}

async function rememberGivenToken() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return;
  history.replaceState(null, "", location.pathname + location.search);
  await fetch("session", { method: "POST", headers: { Authorization: `Bearer ${token}` } });
}

rows.forEach((row) => {
  row.addEventListener("click", () => open(row));
  row.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(row); }
  });
});
document.getElementById("print").addEventListener("click", () => print());
document.getElementById("leave").addEventListener("click", async () => {
  await fetch("session", { method: "DELETE" });
  location.reload();
});
addEventListener("resize", () => chart && chart.resize());
addEventListener("hashchange", rememberGivenToken);
rememberGivenToken();
document.querySelectorAll("#contradictions a").forEach((link) => {
  link.href = services + link.dataset.service + link.dataset.path;
});
if (rows.length) open(rows.find((row) => row.dataset.target) || rows[0]);
setInterval(refresh, REFRESH);
