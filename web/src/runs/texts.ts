/** Texts of past runs, their jobs, and the results of a run. */

import { texts } from "../language";

export default texts({
  "runs.title": { en: "Runs", zh: "运行" },
  "runs.lead": {
    en: "What is running now, and every finished trial on this machine. Choose two or more to compare them.",
    zh: "正在运行的任务，以及本机上所有已完成的试验。选择两个或更多进行比较。",
  },
  "runs.jobs": { en: "Jobs", zh: "任务" },
  "runs.no_jobs": { en: "Nothing is running.", zh: "没有正在运行的任务。" },
  "runs.past": { en: "Finished runs", zh: "已完成的运行" },
  "runs.none": { en: "No run yet.", zh: "还没有运行。" },
  "runs.start_one": { en: "Build a trial and start it", zh: "设计一个试验并开始" },
  "runs.trial": { en: "Trial", zh: "试验" },
  "runs.started": { en: "Started", zh: "开始时间" },
  "runs.patients": { en: "Patients", zh: "患者数" },
  "runs.replicates": { en: "Repeats", zh: "重复" },
  "runs.state": { en: "State", zh: "状态" },
  "runs.took": { en: "Took", zh: "用时" },
  "runs.choose": { en: "Compare {title}", zh: "比较 {title}" },
  "runs.compare": { en: "Compare {n} runs", zh: "比较 {n} 个运行" },
  "runs.compared": { en: "{n} runs side by side", zh: "{n} 个运行并列" },
  "runs.quantity": { en: "Hazard ratio", zh: "风险比" },
  "runs.set": { en: "Patients", zh: "人群" },
  "runs.seeds": { en: "{patients} patients, {replicates} repeats, seed {seed}", zh: "{patients} 名患者，{replicates} 次重复，种子 {seed}" },
  "runs.back": { en: "All runs", zh: "全部运行" },
  "runs.state.finished": { en: "finished", zh: "已完成" },
  "runs.state.unfinished": { en: "unfinished", zh: "未完成" },
  "runs.state.damaged": { en: "damaged", zh: "已损坏" },
  "runs.state.missing": { en: "folder is gone", zh: "文件夹已不存在" },
  "runs.figures": { en: "Figures", zh: "图" },
  "runs.report": { en: "Report (HTML)", zh: "报告 (HTML)" },
});
