/** Texts of the scoreboard and the forecasts. */

import { texts } from "../language";

export default texts({
  "scoreboard.title": { en: "How well it predicts trials it has not seen", zh: "对未见过的试验预测得如何" },
  "scoreboard.tabs": { en: "What to show", zh: "显示内容" },
  "scoreboard.validation": { en: "Left-out trials", zh: "留出的试验" },
  "scoreboard.forecasts": { en: "Forecasts", zh: "前瞻预测" },
  "scoreboard.forecasts.title": { en: "Forecasts of trials whose results were not known", zh: "对结果未知的试验的预测" },
  "scoreboard.digest": { en: "Digest (SHA-256) of the stored file", zh: "存档文件的摘要 (SHA-256)" },
  "scoreboard.made": { en: "Made", zh: "作出日期" },
  "scoreboard.ensemble": { en: "Ensemble (SHA-256)", zh: "参数集合 (SHA-256)" },
  "scoreboard.trial": { en: "Planned trial", zh: "计划中的试验" },
  "scoreboard.comparison": { en: "Comparison", zh: "比较" },
  "scoreboard.pfs": { en: "PFS, hazard ratio", zh: "PFS 风险比" },
  "scoreboard.os": { en: "OS, hazard ratio", zh: "OS 风险比" },
  "scoreboard.quantity": { en: "Outcome", zh: "结局" },
  "scoreboard.month": { en: "Month", zh: "月" },
  "scoreboard.arm": { en: "Arm", zh: "组别" },
  "scoreboard.predicted": { en: "Predicted (95% prediction interval)", zh: "预测值（95% 预测区间）" },
  "scoreboard.by": { en: "By", zh: "方法" },
  "scoreboard.by.mechanism": { en: "mechanism", zh: "机制模型" },
  "scoreboard.by.combined": { en: "combined", zh: "结合" },
  "scoreboard.note": {
    en: "Combined with the component network meta-analysis where it can be, else by the mechanism; 95% prediction intervals. A name opens everything that was forecast.",
    zh: "凡可与成分网状Meta分析结合者为结合值，否则为机制模型的预测；附 95% 预测区间。点击名称查看全部预测。",
  },
  "scoreboard.standing": { en: "What the tests support", zh: "检验支持哪些用途" },
});
