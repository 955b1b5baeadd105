/** Texts of the frame around every view. */

import { texts } from "./language";

export default texts({
  "nav.label": { en: "Views", zh: "页面" },
  "nav.first": { en: "Trial", zh: "试验" },
  "nav.mechanism": { en: "Mechanism", zh: "机制" },
  "nav.build": { en: "Build a trial", zh: "设计试验" },
  "nav.runs": { en: "Runs", zh: "运行" },
  "nav.evidence": { en: "Evidence", zh: "证据" },
  "nav.scoreboard": { en: "Scoreboard", zh: "预测评分" },
  "nav.questions": { en: "Questions", zh: "问题" },
  "frame.skip": { en: "Skip to the content", zh: "跳到正文" },
  "frame.home": { en: "normoxia, first page", zh: "normoxia 首页" },
  "frame.badge": { en: "simulated, not clinical data", zh: "模拟结果，非临床数据" },
  "frame.credibility": { en: "Credibility", zh: "可信度" },
  "frame.theme.dark": { en: "Dark", zh: "深色" },
  "frame.theme.light": { en: "Light", zh: "浅色" },
  "frame.theme.label": { en: "Switch to the {theme} theme", zh: "切换到{theme}主题" },
  "frame.limits": {
    en: "For research and trial design. Not a medical device; no result on this page is advice about a patient.",
    zh: "用于研究和试验设计。不是医疗器械；本页的任何结果都不是对患者的建议。",
  },
  "frame.version": { en: "normoxia {version}", zh: "normoxia {version}" },
  "frame.ensemble": { en: "calibrated on {studies} studies, {draws} draws", zh: "以 {studies} 项研究校准，{draws} 组参数" },
  "frame.stale": { en: "the model has changed since", zh: "模型此后有改动" },
  "frame.loading": { en: "Loading", zh: "正在载入" },
  "frame.not_found": { en: "There is no view at this address.", zh: "此地址没有页面。" },
  "frame.back_home": { en: "To the first page", zh: "回到首页" },
  "frame.retry": { en: "Try again", zh: "重试" },
  "frame.unreachable": {
    en: "The server does not answer. Is `normoxia serve` still running?",
    zh: "服务器没有应答。`normoxia serve` 还在运行吗？",
  },
  "frame.view_failed": {
    en: "This view could not be loaded. Reload the page; if that does not help, restart the server.",
    zh: "此页面未能载入。请刷新；若仍无效，请重启服务器。",
  },
});
