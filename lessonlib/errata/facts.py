"""Statements of fact that the episode gives without a source: looked up, not measured."""

from __future__ import annotations

from lessonlib.errata.row import Row


def episodes(seeds: int) -> dict:
    """F17: how many episodes bear the numbers that the episode lists."""
    del seeds  # nothing is drawn
    return {"count": len(range(77, 88 + 1))}


ROWS = [
    Row(
        id="F1",
        claim="The FDA has cleared hundreds of devices with AI as of 2025, most of them in "
        "radiology and cardiology.",
        verdict="FALSE",
        finding="The list had 1,016 entries on 20 December 2024 {{cite:p}}`fda1016`; a count for "
        "the end of 2025 gives 1,451, of which 76% are in radiology and 9% in cardiology "
        "{{cite:p}}`intuitionlabs2026`.",
        lesson="Say more than a thousand, and when the list was read.",
        where="sec-governance-routes",
    ),
    Row(
        id="F2",
        claim="AI diagnostics are class II by 510(k), or class III by premarket approval.",
        verdict="MISLEADING",
        finding="De Novo is left out: the route for low and moderate risk where there is nothing "
        "to compare with {{cite:p}}`cfr860-200`. The verbs differ: cleared, granted, approved "
        "{{cite:p}}`lentz2022`.",
        lesson="Name three routes, each with its verb.",
        where="sec-governance-routes",
    ),
    Row(
        id="F3",
        claim="Regulatory approval is mandatory before a model is used in a clinic.",
        verdict="MISLEADING",
        finding="In the EU nobody approves: a manufacturer declares conformity, with a notified "
        "body from class IIa on, where diagnostic software begins by the rule in force "
        "{{cite:p}}`johner-rule11`; a reform that would rewrite the rule was proposed in December "
        "2025 {{cite:p}}`com2025-1023`. A hospital's own device for its own patients is exempt "
        "under conditions {{cite:p}}`mdcg2023-1`.",
        lesson="Write authorisation or conformity assessment, with the exceptions.",
        where="sec-governance-routes",
    ),
    Row(
        id="F4",
        claim="The AI Act counts most diagnostic applications as high-risk.",
        verdict="TRUE",
        finding="By Article 6(1), where the law on devices asks for a third party's assessment "
        "{{cite:p}}`aiact-art6`. The requirements apply from 2 August 2028 for such products, a "
        "year later than first planned {{cite:p}}`aiact-timeline`. That is the law of November "
        "2026; a reform that was proposed in December 2025 would take devices out of most of them "
        "{{cite:p}}`produktkanzlei2026`.",
        lesson="Give the condition, the date, and the day on which you looked.",
        where="sec-governance-routes",
    ),
    Row(
        id="F5",
        claim="Both systems require documented provenance with consent, validation for all "
        "demographics, surveillance plans and an intended use.",
        verdict="CITE",
        finding="No such common list was found. Intended use and, in the EU, surveillance "
        "{{cite:p}}`mdr-art83` are law; representative data are law for high-risk systems in the "
        "EU {{cite:p}}`aiact-art10` and a principle in the US {{cite:p}}`gmlp2021`, where 3.6% of "
        "692 summaries report race or ethnicity {{cite:p}}`muralidharan2024`.",
        lesson="Keep the two systems, and law and principle, apart.",
        where="sec-governance-routes",
    ),
    Row(
        id="F6",
        claim="It takes one to three years and hundreds of thousands to millions of dollars, and "
        "that is why research stays in papers.",
        verdict="CITE",
        finding="No source was found for software. A survey of makers of devices of all kinds, "
        "paid for in 2010 by associations of makers and of investors, put a 510(k) at \\$31 "
        "million from concept to market {{cite:p}}`medcity2010`. For the conclusion there is none.",
        lesson="Leave out what nobody has counted.",
        where="sec-governance-routes",
    ),
    Row(
        id="F11",
        claim="A medical set of 500 images stands against the 14 million of ImageNet.",
        verdict="MISLEADING",
        finding="Fourteen million is the whole collection. The weights in common use were trained "
        "on its part ImageNet-1k, 1,281,167 images {{cite:p}}`russakovsky2015`.",
        lesson="Compare with the data that the weights saw.",
        where="sec-three-datasets",
    ),
    Row(
        id="F12",
        claim="MedCLIP and BiomedCLIP learned from large collections of medical images and "
        "clinical reports, and are better starting points than ImageNet for medical tasks.",
        verdict="MISLEADING",
        finding="BiomedCLIP learned from 15 million figures of scientific articles and their "
        "captions {{cite:p}}`biomedclip-card`, not from reports. MedCLIP learned from images and "
        "reports that need not belong together; its authors report an advantage with 20,000 over "
        "a method that used 200,000 {{cite:p}}`wang2022medclip`. Neither was run here. Whether "
        "they are better depends on the task and on the number of examples: see F14.",
        lesson="Say what a model learned from before saying what it is good for.",
        where="sec-transfer-others",
    ),
    Row(
        id="F13",
        claim="Transfer from photographs works surprisingly well for medical images, because the "
        "early layers are universal.",
        verdict="DEPENDS",
        finding="On two large medical tasks transfer offered little benefit {{cite:p}}`raghu2019`; "
        "on a large set of chest films it helped, across 16 architectures {{cite:p}}`ke2021`. The "
        "first layers are general, and features transfer less the further apart two tasks are "
        "{{cite:p}}`yosinski2014`.",
        lesson="Measure the gain over training from scratch, with the same effort, on your data.",
        where="sec-transfer-others",
    ),
    Row(
        id="F14",
        claim="Many published cases of a medical foundation model beating ImageNet disappear once "
        "training and tuning are controlled.",
        verdict="CITE",
        finding="No study was found that counts such cases. Single comparisons point both ways. On "
        "chest films medical models won with frozen features, and an ordinary supervised network "
        "matched the best of them at outlining {{cite:p}}`li2025fm`. RadiologyNET did about as "
        "well as ImageNet {{cite:p}}`napravnik2025`. With the fewest examples BiomedCLIP was best "
        "on average, and with more than five per class a network from ImageNet did as well "
        "{{cite:p}}`woerner2024`.",
        lesson="Name the comparison, its task, and its number of examples.",
        where="sec-transfer-others",
    ),
    Row(
        id="F17",
        claim="The thirteen episodes before this one, 77 to 88, were about computer vision.",
        verdict="FALSE",
        measure=episodes,
        finding="77 to 88 are {count}.",
        lesson="Count both ends, and no more than both ends.",
        where="tests/errata/test_facts.py::test_the_episodes_are_counted",
    ),
    Row(
        id="F16",
        claim="A specialist labels an image in 10 to 30 minutes, a mask takes hours, an hour "
        "costs \\$150.",
        verdict="CITE",
        finding="Found elsewhere: 2 to 2½ minutes for the average X-ray case "
        "{{cite:p}}`dockray1978`, 16 for a CT report {{cite:p}}`sexauer2022`, 30 to 60 to outline "
        "one abdominal organ {{cite:p}}`qu2023`. For the rate no source was found.",
        lesson="Call all three assumptions, and time a pilot.",
        where="sec-cost",
    ),
    Row(
        id="F7",
        claim="In a study of 2018 a network recognised the hospital instead of pneumonia, by "
        "markings and formatting, and Grad-CAM caught it.",
        verdict="MISLEADING",
        finding="The study's evidence is external testing, an AUC of 0.931 on films of the two "
        "hospitals it trained on and 0.815 at a third, and networks that tell hospitals apart; "
        "sorting by hospital alone gives 0.861 {{cite:p}}`zech2018`. No source was found for a map "
        "having caught it. The first author's published code draws class activation maps, for a "
        "reproduction of another network on the films of one of the hospitals "
        "{{cite:p}}`zech-cam`.",
        lesson="Test elsewhere, and train a classifier of hospitals.",
        where="sec-explain-others",
    ),
    Row(
        id="F8",
        claim="A map on the patient's label in the corner shows data leakage.",
        verdict="MISLEADING",
        finding="Two failures in one. Patients in both training and test set are a leak, which "
        "splitting by patient mends and no map shows. A mark that goes with the disease is a "
        "shortcut, which a clean split leaves in place.",
        lesson="Split by patient against the one; test under other habits against the other.",
        where="sec-explain-others fig-habits",
    ),
    Row(
        id="F15",
        claim="Grad-CAM is essential, and checking models with it is not negotiable.",
        verdict="MISLEADING",
        finding="On chest films all of seven methods, Grad-CAM being the best, found disease worse "
        "than radiologists {{cite:p}}`saporta2022`; each of eight failed at least one of four "
        "criteria {{cite:p}}`arun2021`; and explanations do not reliably find a shortcut that one "
        "does not know {{cite:p}}`adebayo2022`.",
        lesson="Use it to find suspects, and test them.",
        where="sec-explain-others sec-misleads",
    ),
]
