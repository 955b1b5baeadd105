/** Texts of the open questions and their answers. */

import { texts } from "../language";

export default texts({
  "questions.title": { en: "Questions the review leaves open", zh: "综述留下的未解问题" },
  "questions.lead": {
    en: "Each is a verb of the library. It runs virtual trials or a synthesis and answers in a sentence, with its uncertainty.",
    zh: "每个问题对应软件库的一个动词：进行虚拟试验或证据综合，用一句话回答并给出不确定性。",
  },
  "questions.back": { en: "All questions", zh: "全部问题" },
  "questions.compare": { en: "Which regimen does better, head to head?", zh: "头对头比较，哪种方案更好？" },
  "questions.design-trial": { en: "How large must a trial be?", zh: "试验需要多大样本量？" },
  "questions.optimise": { en: "At which dose and schedule?", zh: "用什么剂量和时间表？" },
  "questions.explain": { en: "What drives the difference?", zh: "差异由什么驱动？" },
  "questions.design-drug": { en: "What should a new molecule look like?", zh: "新分子应当怎样设计？" },
  "questions.biomarkers": { en: "For which patients?", zh: "适合哪些患者？" },
  "questions.toxicity": { en: "At what toxicity?", zh: "毒性如何？" },
  "questions.personalise": { en: "For this patient?", zh: "对这一位患者如何？" },
  "questions.review": { en: "What has changed since the review?", zh: "综述之后有何变化？" },
  "questions.pool": { en: "What does the published evidence say?", zh: "已发表的证据怎么说？" },
  "questions.to_evidence": { en: "Network meta-analyses are with the evidence", zh: "网状Meta分析见“证据”" },
  "questions.answered": { en: "answered", zh: "已有答案" },
  "questions.in_work": { en: "in work", zh: "进行中" },
  "questions.none": { en: "No document of this kind is shipped.", zh: "没有自带的此类文档。" },
  "questions.unanswered": {
    en: "Not answered on this machine yet. The answer is computed here, from the calibrated ensemble; it takes minutes.",
    zh: "本机尚未计算此问题。答案由校准后的参数集合在本机计算，需要数分钟。",
  },
  "questions.ask": { en: "Compute the answer", zh: "计算答案" },
  "questions.again": { en: "Compute it again", zh: "重新计算" },
  "questions.answer": { en: "Answer", zh: "回答" },
  "questions.report": { en: "Report (HTML)", zh: "报告 (HTML)" },
  "questions.unknown": { en: "There is no such question.", zh: "没有这个问题。" },
});
