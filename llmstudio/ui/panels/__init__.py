"""The five stages and where their panels are. Panels are named here by import path and loaded when first shown.

Sizes are pixels in a window of 1440 x 900; a place without one shares what is left.
"""

from ..arrangement import TAB, Place, Stage, column, row

DATA = row(
    Place("data.sources:SourcesPanel", 328),
    column(Place("data.preview:PreviewPanel"), Place("data.tokenizer:TokenizerPanel", 388)),
    Place("data.statistics:StatisticsPanel", 420),
)
BUILD = row(
    Place("build.parts:PartsPanel", 224),
    Place("build.compare:ComparePanel", needs=TAB),
    Place("build.code:CodePanel", needs=TAB),
    Place("build.canvas:CanvasPanel"),
    column(
        Place("build.inspector:InspectorPanel", needs=TAB),
        Place("build.weights:WeightsPanel", needs=TAB),
        Place("build.history:HistoryPanel", needs=TAB),
        Place("build.properties:PropertiesPanel"),
        Place("build.cost:CostPanel", 264, needs=740),
        Place("build.problems:ProblemsPanel", 136),
        size=360,
    ),
)
TRAIN = row(
    Place("train.recipe.panel:RecipePanel", 280),
    column(
        Place("train.loss.panel:Loss"),
        Place("train.charts.panel:Charts", 188, needs=700),
        Place("train.samples:Samples", 196),
    ),
    column(
        Place("train.health.panel:HealthPanel"),
        Place("train.doctor.panel:DoctorPanel", 148),
        Place("train.runs.panel:Runs", 248),
        Place("train.computer:ComputerPanel", 92),
        size=388,
    ),
)
INSIDE = column(
    Place("inside.probe:ProbePanel", 72),
    row(
        Place("inside.attention:AttentionPanel"),
        column(Place("inside.embeddings:EmbeddingsPanel"), Place("inside.next:NextPanel", 288), size=580),
    ),
)
CHAT = row(
    Place("chat.conversation.panel:ConversationPanel"),
    Place("chat.token:TokenPanel", 400),
    column(Place("chat.sampler:SamplerPanel", 288), Place("chat.scores:ScoresPanel"), size=400),
)

WORKSPACES = (
    Stage("data", "Data", DATA, "The text it learns from: add it, read it, cut it into tokens"),
    Stage("build", "Build", BUILD, "The model's design: draw it, size it, see what it costs"),
    Stage("train", "Train", TRAIN, "Watch it learn, and steer it"),
    Stage("inside", "Inside", INSIDE, "Where it looks, and what its tokens have become"),
    Stage("chat", "Chat", CHAT, "Talk to it, and see what else it could have said"),
)
