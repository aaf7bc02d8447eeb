"""The steps of docs/lesson.md: the lesson's eight stories and its slips, in their order, as a newcomer types them."""

from tools.lesson.commands import COMMANDS
from tools.lesson.configuration import CONFIGURATION
from tools.lesson.containers import CONTAINERS
from tools.lesson.environment import ENVIRONMENT
from tools.lesson.init_containers import INIT_CONTAINERS
from tools.lesson.phases import PHASES
from tools.lesson.rollouts import ROLLBACK, ROLLING_UPDATE
from tools.lesson.slips import SLIPS

LESSON = (ROLLING_UPDATE, ROLLBACK, COMMANDS, ENVIRONMENT, CONFIGURATION, CONTAINERS, INIT_CONTAINERS, PHASES, SLIPS)
